"""``smsd completion``: what makes a shell complete commands, options and states.

Knows nothing itself: click writes the script, and completes by asking this program with ``_SMSD_COMPLETE`` set.
"""

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

VARIABLE = "_SMSD_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command(epilog="Example: smsd completion bash > /etc/bash_completion.d/smsd")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete smsd's commands and options.

    \b
    bash  smsd completion bash > ~/.local/share/bash-completion/completions/smsd
    zsh   smsd completion zsh  > "${fpath[1]}/_smsd"
    fish  smsd completion fish > ~/.config/fish/completions/smsd.fish
    """  # noqa: D301  \b is click's mark of lines that are not to be joined
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101  click knows all three
    script = found(ctx.find_root().command, {}, "smsd", VARIABLE)
    # Not source(): that would start bash to ask for its version.
    click.echo(script.source_template % script.source_vars(), nl=False)

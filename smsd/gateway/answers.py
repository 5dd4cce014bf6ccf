"""Clients' requests: taken up, carried out by the directory, answered.

Knows which answer belongs to which command and what to do while the directory is down. Refuses to word anything: the
texts are ``rules.replies``. A result is queued in the transaction that ends its request; one that holds a password is
sealed before it is written anywhere. A process that dies between the question and that transaction leaves the request
in progress: the directory is asked once more, and the client answered once.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import structlog

from smsd.directory import Directory, Wish
from smsd.errors import DirectoryDownError, DirectoryError, StoreError
from smsd.gateway.pump import POLL_SECONDS
from smsd.gateway.route import Bells, Settings
from smsd.rules.commands import Command
from smsd.rules.outbox import MessageClass
from smsd.rules.requests import RequestState, retry_delay
from smsd.store import NewMessage, Request
from smsd.store.thread import StoreThread
from smsd.vault import PublicKey, seal

__all__ = ["MESSAGE_SEAL", "Answers"]

MESSAGE_SEAL = b"text of a message"
"""What a sealed text is bound to: it cannot be opened as anything else."""

log = structlog.get_logger("smsd.gateway")

End = tuple[RequestState, NewMessage, str | None]
"""How a request ends, the message that says so, and the reason of a failure."""


AT_ONCE = 8
"""Requests that are carried out at a time: a slow directory makes one client wait, not everybody behind him."""


class Answers:
    """Carries out requests, several at a time; those of one phone one after another."""

    def __init__(
        self,
        thread: StoreThread,
        directory: Directory,
        public: PublicKey,
        settings: Settings,
        clock: Callable[[], float],
        bells: Bells,
    ) -> None:
        self._thread = thread
        self._directory = directory
        self._public = public
        self._settings = settings
        self._clock = clock
        self._bells = bells
        self._stopping = False
        self._down = False
        self._last: dict[str, asyncio.Task[None]] = {}
        """What is under way, by phone: the last of each."""

    def stop(self) -> None:
        """Take up no more requests."""
        self._stopping = True

    async def run(self) -> None:
        """Work for ever."""
        requests = self._thread.store.requests
        async with asyncio.TaskGroup() as group:
            under_way: set[asyncio.Task[None]] = set()
            while True:
                if len(under_way) >= AT_ONCE:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    continue
                self._bells.requests.clear()
                due_at = None if self._stopping else await self._thread.call(requests.next_due)
                if due_at is None or due_at > self._clock():
                    seconds = POLL_SECONDS if due_at is None else min(POLL_SECONDS, due_at - self._clock())
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(seconds):
                            await self._bells.requests.wait()
                elif (request := await self._thread.call(requests.take)) is not None:
                    task = group.create_task(self._in_turn(request, self._last.get(request.phone)))
                    self._last[request.phone] = task
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)

    async def _in_turn(self, request: Request, before: "asyncio.Task[None] | None") -> None:
        """Carry a request out after the one of the same phone before it. Never raises: it would end the others.

        What a fault leaves in progress is due again when its lease ends.
        """
        try:
            if before is not None:
                await asyncio.wait([before])
            await self._answer(request)
        except StoreError as error:
            log.error("store_trouble", task="requests", error=str(error))
        except Exception:
            log.exception("task_failed", task="requests")
        finally:
            if self._last.get(request.phone) is asyncio.current_task():
                del self._last[request.phone]
            self._bells.requests.set()

    async def _answer(self, request: Request) -> None:
        """Carry one request out and queue its result; a directory that is down is asked again until the deadline."""
        told = log.bind(request_id=request.id)
        try:
            state, result, error = await self._carry_out(request)
        except DirectoryError as trouble:
            self._down = self._down or isinstance(trouble, DirectoryDownError)
            left = request.received_at + self._settings.request_deadline.total_seconds() - self._clock()
            if left > 0:
                again_in = trouble.again_in if isinstance(trouble, DirectoryDownError) else None
                delay = retry_delay(request.asked, again_in, left).total_seconds()
                await self._thread.call(self._thread.store.requests.postpone, request.id, delay, str(trouble))
                told.warning("request_waits", error=str(trouble), asked=request.asked, seconds=round(delay, 1))
                return
            state, result, error = await self._apology(request, str(trouble))
        else:
            await self._returned()
        message_id = await self._thread.call(self._thread.store.requests.finish, request.id, state, result, error)
        told.info("request_ended", state=state.value, message_id=message_id, why=error)
        self._bells.ring()

    async def _returned(self) -> None:
        """After an outage nobody waits for the next time of his own: what was put off is due at once."""
        if self._down:
            self._down = False
            await self._thread.call(self._thread.store.requests.hasten)

    async def _apology(self, request: Request, trouble: str) -> End:
        """Say at the deadline what is true: data cannot be told, while a wish is in force here all the same."""
        if request.command is Command.INFO:
            return RequestState.FAILED, self._say(request, self._settings.replies.failed), trouble
        subscribed = await self._thread.call(self._thread.store.clients.subscribed, request.phone)
        told = f"in force here, but the client-support system could not be told: {trouble}"
        return RequestState.FAILED, self._wish_reply(request, subscribed=subscribed), told

    async def _carry_out(self, request: Request) -> End:
        """Do what a request asks for."""
        if request.command is Command.INFO:
            return await self._registration(request)
        # Of competing wishes the later one holds: the answer says what holds now.
        wish = await self._thread.call(self._thread.store.clients.wish, request.phone)
        subscribed = wish is None or bool(wish["subscribed"])
        decided_at = request.received_at if wish is None else float(wish["decided_at"])
        await self._directory.subscribe(request.phone, Wish(subscribed, decided_at, request.id))
        return RequestState.DONE, self._wish_reply(request, subscribed=subscribed), None

    async def _registration(self, request: Request) -> End:
        """Answer with the registration data, or with why there are none."""
        replies = self._settings.replies
        registration = await self._directory.registration(request.phone)
        if registration is None:
            return RequestState.FAILED, self._say(request, replies.unknown), "the phone is not a client's"
        if registration.subscribed is False:
            await self._thread.call(self._thread.store.clients.heed_stop, request.phone, "the client-support system")
        if registration.password is None:
            return RequestState.FAILED, self._say(request, replies.failed), "no password is recorded for this client"
        text = replies.info(code=registration.code, login=registration.login, password=registration.password)
        sealed = seal(self._public, text, associated=MESSAGE_SEAL)
        return RequestState.DONE, replace(self._say(request, text), text=None, sealed=sealed), None

    def _wish_reply(self, request: Request, *, subscribed: bool) -> NewMessage:
        return self._say(request, self._settings.replies.start if subscribed else self._settings.replies.stop)

    def _say(self, request: Request, text: str) -> NewMessage:
        return self._settings.message(MessageClass.RESULT, request.phone, text, self._clock())

"""Clients' requests: taken up, carried out by the directory, answered.

Knows which answer belongs to which command and what to do while the directory is down. Refuses to word anything: the
texts are ``rules.replies``. A result is queued in the transaction that ends its request; one that holds a password is
sealed before it is written anywhere.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import structlog

from smsd.directory import Directory
from smsd.errors import DirectoryError
from smsd.gateway.pump import POLL_SECONDS
from smsd.gateway.route import Bells, Settings
from smsd.rules.commands import Command
from smsd.rules.outbox import MessageClass
from smsd.rules.requests import DEADLINE, RequestState, retry_delay
from smsd.store import NewMessage, Request
from smsd.store.thread import StoreThread
from smsd.vault import PublicKey, seal

__all__ = ["MESSAGE_SEAL", "Answers"]

MESSAGE_SEAL = b"text of a message"
"""What a sealed text is bound to: it cannot be opened as anything else."""

log = structlog.get_logger("smsd.gateway")

End = tuple[RequestState, NewMessage, str | None]
"""How a request ends, the message that says so, and the reason of a failure."""


class Answers:
    """Carries out requests one after another."""

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

    def stop(self) -> None:
        """Take up no more requests."""
        self._stopping = True

    async def run(self) -> None:
        """Work for ever."""
        requests = self._thread.store.requests
        while True:
            self._bells.requests.clear()
            due_at = None if self._stopping else await self._thread.call(requests.next_due)
            if due_at is None or due_at > self._clock():
                seconds = POLL_SECONDS if due_at is None else min(POLL_SECONDS, due_at - self._clock())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._bells.requests.wait()
            elif (request := await self._thread.call(requests.take)) is not None:
                await self._answer(request)

    async def _answer(self, request: Request) -> None:
        """Carry one request out and queue its result; a directory that is down is asked again until the deadline."""
        told = log.bind(request_id=request.id)
        try:
            state, result, error = await self._carry_out(request)
        except DirectoryError as trouble:
            if self._clock() - request.received_at < DEADLINE.total_seconds():
                delay = retry_delay(request.asked).total_seconds()
                await self._thread.call(self._thread.store.requests.postpone, request.id, delay, str(trouble))
                told.warning("request_waits", error=str(trouble), asked=request.asked, seconds=delay)
                return
            state, result, error = RequestState.FAILED, self._say(request, self._settings.replies.failed), str(trouble)
        message_id = await self._thread.call(self._thread.store.requests.finish, request.id, state, result, error)
        told.info("request_ended", state=state.value, message_id=message_id, why=error)
        self._bells.ring()

    async def _carry_out(self, request: Request) -> End:
        """Do what a request asks for."""
        if request.command is Command.INFO:
            return await self._registration(request)
        # Of competing wishes the later one holds: the answer says what holds now.
        subscribed = await self._thread.call(self._thread.store.clients.subscribed, request.phone)
        await self._directory.subscribe(request.phone, subscribed=subscribed)
        replies = self._settings.replies
        return RequestState.DONE, self._say(request, replies.start if subscribed else replies.stop), None

    async def _registration(self, request: Request) -> End:
        """Answer with the registration data, or with why there are none."""
        replies = self._settings.replies
        registration = await self._directory.registration(request.phone)
        if registration is None:
            return RequestState.FAILED, self._say(request, replies.unknown), "the phone is not a client's"
        if registration.password is None:
            return RequestState.FAILED, self._say(request, replies.failed), "no password is recorded for this client"
        text = replies.info(code=registration.code, login=registration.login, password=registration.password)
        sealed = seal(self._public, text, associated=MESSAGE_SEAL)
        return RequestState.DONE, replace(self._say(request, text), text=None, sealed=sealed), None

    def _say(self, request: Request, text: str) -> NewMessage:
        return self._settings.message(MessageClass.RESULT, request.phone, text, self._clock())

"""Consume → claim → handle → save → publish → acknowledge, for any service's handlers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from petfectior import attempts, ledger, logs, metrics, transitions
from petfectior.commit import Saved, commit, give_back, stop_for_good
from petfectior.errors import Busy, NotFound, Permanent, Rejected, Transient
from petfectior.events import Event, EventKey
from petfectior.handling import Answer, Claim, Handler, LeaseLost
from petfectior.leases import Leases
from petfectior.ports import Delivered, EventBus, Subscription, TaskStore
from petfectior.reasons import Reason
from petfectior.task import Task
from petfectior.topology import WAKES
from petfectior.work import Outcome

RECEIVE_SECONDS: Final = 0.5
OUTAGE_PAUSE: Final = 2.0
STAGES: Final = {key: stage for stage, key in WAKES.items()}

log = structlog.get_logger()


class Worker:
    """Runs one service's handlers over its queue, on several threads.

    Parameters
    ----------
    queue
        Name of the queue, which is the service's.
    owner
        Name of this replica, unique among those that run; leases carry it.
    threads
        Worker threads, and events in hand.
    paused
        Tells whether no further event may be taken.
    """

    def __init__(
        self,
        queue: str,
        handlers: Mapping[EventKey, Handler],
        *,
        bus: EventBus,
        tasks: TaskStore,
        owner: str,
        threads: int,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self.queue = queue
        self.handlers = handlers
        self.bus = bus
        self.tasks = tasks
        self.owner = owner
        self.threads = threads
        self.paused = paused
        self.leases = Leases()
        self.subscription: Subscription | None = None

    def alive(self) -> bool:
        """Tell whether the queue still hands out events (liveness probe)."""
        return self.subscription is not None and self.subscription.alive()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set, then finish what is in hand."""
        with self.bus.subscribe(self.queue, self.threads) as subscription:
            self.subscription = subscription
            workers = [
                threading.Thread(target=self._work, args=(subscription, stop), name=f"worker-{number}")
                for number in range(self.threads)
            ]
            done = threading.Event()
            renewer = threading.Thread(target=self.leases.keep, args=(done,), name="leases")
            for thread in (renewer, *workers):
                thread.start()
            for worker in workers:
                worker.join()
            done.set()
            renewer.join()

    def _work(self, subscription: Subscription, stop: threading.Event) -> None:
        while not stop.is_set():
            if self.paused():
                stop.wait(RECEIVE_SECONDS)
                continue
            try:
                delivered = subscription.receive(RECEIVE_SECONDS)
                if delivered is not None:
                    self.process(delivered)
            except Transient as error:
                log.warning("worker.waits", **logs.describe(error))
                stop.wait(OUTAGE_PAUSE)
            except Exception as error:  # noqa: BLE001 - a worker thread that ends would go unnoticed
                # The event stays unsettled; the sweeper wakes its stage if nobody else gets it.
                log.error("worker.failed", **logs.describe(error))  # noqa: TRY400 - a traceback quotes values
                stop.wait(OUTAGE_PAUSE)

    def process(self, delivered: Delivered) -> None:
        """Take one event from claim to acknowledgement."""
        event = delivered.event
        handler = self.handlers.get(event.key)
        if handler is None:
            delivered.dead_letter("event-unknown")
            return
        with structlog.contextvars.bound_contextvars(
            task=event.task_id, correlation=event.correlation_id, stage=STAGES[event.key]
        ):
            outcome = self._process(delivered, handler)
        metrics.HANDLED.labels(self.queue, event.key, outcome).inc()

    def _process(self, delivered: Delivered, handler: Handler) -> str:
        with self.leases.token() as token:
            try:
                claim = self._claim(delivered.event, token)
            except Transient:
                delivered.retry(OUTAGE_PAUSE)
                return "outage"
            if isinstance(claim, float):
                delivered.retry(claim)
                return "held"
            if claim is None:
                delivered.ack()
                return "nothing-to-claim"
            self.leases.renew(claim)
            return self._handle(claim, delivered, handler)

    def _claim(self, event: Event, token: str) -> Claim | float | None:
        """Return a claim, the seconds until a stale lease may end, or None if nothing is to be done."""
        stage, delivery_id = STAGES[event.key], event.delivery_id
        wait: float | None = None

        def take(task: Task) -> None:
            nonlocal wait
            now = time.time()
            live = self.leases.tokens()
            if not transitions.claim(task, stage, delivery_id, self.owner, now, token=token, live=live):
                wait = transitions.claimable_in(task, stage, delivery_id, now)
                raise LeaseLost("lease-lost")

        try:
            task = ledger.change(self.tasks, event.task_id, take)
        except (LeaseLost, NotFound):
            return wait
        return Claim(task=task, stage=stage, token=token, tasks=self.tasks, delivery_id=delivery_id)

    def _handle(self, claim: Claim, delivered: Delivered, handler: Handler) -> str:
        began = time.monotonic()
        try:
            outcome = self._settle(claim, delivered, handler)
        except (LeaseLost, NotFound):
            metrics.LEASES_LOST.labels(claim.stage).inc()
            delivered.ack()
            outcome = "lease-lost"
        except Transient as error:
            # The store or the broker failed while the answer was saved; the lease ends, then all is again.
            log.warning("answer.unsaved", **logs.describe(error))
            delivered.retry(OUTAGE_PAUSE)
            outcome = "outage"
        metrics.HANDLING_SECONDS.labels(claim.stage, outcome).observe(time.monotonic() - began)
        return outcome

    def _settle(self, claim: Claim, delivered: Delivered, handler: Handler) -> str:
        work = transitions.work_of(claim.task, claim.delivery_id)
        last = work.reason.code if work.reason else ""
        if last in attempts.CRASHES and attempts.used_up(work.attempts - 1, last):
            return self._give_up(claim, delivered, Reason(code=last, params={"error": "worker"}))
        try:
            answer: Answer = handler(claim)
        except LeaseLost:
            raise
        except Busy as error:
            return self._wait(claim, delivered, error.reason, error.retry_after, counts=False)
        except Transient as error:
            return self._wait(claim, delivered, error.reason, error.retry_after, counts=True)
        except (Rejected, Permanent) as error:
            outcome = Outcome.REJECTED if isinstance(error, Rejected) else Outcome.FAILED
            log.info("stage.stopped", outcome=outcome, **logs.describe(error))
            return self._publish(stop_for_good(claim, outcome, error.reason, self.owner), delivered, outcome)
        except Exception as error:  # noqa: BLE001 - whatever a series provokes must harm no other
            log.error("stage.crashed", **logs.describe(error))  # noqa: TRY400 - a traceback quotes values
            reason = Reason(code="stage-crashed", params={"error": type(error).__name__})
            return self._wait(claim, delivered, reason, None, counts=True)
        return self._publish(commit(claim, answer, self.owner), delivered, type(answer).__name__.lower())

    def _wait(
        self, claim: Claim, delivered: Delivered, reason: Reason, delay: float | None, *, counts: bool
    ) -> str:
        count = transitions.work_of(claim.task, claim.delivery_id).attempts
        if counts and delay is None and attempts.used_up(count, reason.code):
            return self._give_up(claim, delivered, reason)
        seconds = attempts.pause(count) if delay is None else delay
        give_back(claim, seconds, reason, self.owner, attempt_counts=counts)
        log.info("stage.waits", code=reason.code, delay=seconds, attempt=count)
        delivered.retry(seconds)
        return "waits" if counts else "busy"

    def _give_up(self, claim: Claim, delivered: Delivered, reason: Reason) -> str:
        """Stop the task first, dead-letter second: a stopped task is never swept."""
        count = transitions.work_of(claim.task, claim.delivery_id).attempts
        log.error("stage.given-up", code=reason.code, attempts=count)
        stop_for_good(claim, Outcome.FAILED, reason, self.owner)
        delivered.dead_letter(reason.code)
        return "dead"

    def _publish(self, saved: Saved, delivered: Delivered, outcome: str) -> str:
        """Publish second, acknowledge last. An event that is lost here the sweeper finds."""
        for event in saved.events:
            self.bus.publish(event)
        if saved.retry_in is None:
            delivered.ack()
        else:
            delivered.retry(saved.retry_in)
        return outcome

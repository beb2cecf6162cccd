"""How a running veil is: why it is not ready, and its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.app.service import Service


class ServiceCondition:
    """Reads the condition of a service; keeps nothing itself."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def hindrances(self) -> list[str]:
        """Say in a word each what keeps us from taking calls; none when ready."""
        service = self._service
        found = []
        if service.is_starting:
            found.append("starting")
        if service.is_draining:
            found.append("draining")
        if not service.store.available:
            found.append("store unavailable")
        if not service.engine.has_gateway:
            found.append("no gateway is up")
        return found

    def gauges(self) -> dict[str, float]:
        """Return the present values, by metric name."""
        service = self._service
        ground = service.core.ground
        return {
            "calls": len(service.board.calls),
            "sessions": len(ground.sessions),
            "transactions": len(ground.transactions),
            "connections": service.endpoint.connections,
            "gateways_up": sum(
                gateway.is_up
                for trunk in service.engine.trunks
                for gateway in trunk.gateways
            ),
            "records_waiting": service.archive.waiting,
            "ready": not self.hindrances(),
        }

    def totals(self) -> dict[str, float]:
        """Return what only grows, by metric name."""
        service = self._service
        calls = service.board.counters
        core = service.core.counters
        wire = service.endpoint.counters
        return {
            "invites": calls.taken,
            "calls_placed": calls.placed,
            "calls_answered": calls.answered,
            "calls_unknown_number": calls.unknown_numbers,
            "calls_not_admitted": calls.not_admitted,
            "calls_over_limit": calls.limited,
            "calls_refused_draining": calls.drained,
            "call_records": calls.records,
            "call_records_written": service.archive.written,
            "call_records_lost": service.archive.lost,
            "store_failures": calls.store_failures,
            "faults": calls.faults + wire.faults,
            "sip_messages_received": core.received,
            "sip_messages_sent": core.sent,
            "sip_messages_malformed": core.malformed,
            "sip_responses_stray": core.stray,
            "sip_sources_refused": wire.refused_sources,
            "sip_send_drops": wire.send_drops,
        }

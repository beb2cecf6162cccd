"""The table of call records, in SQLAlchemy Core; columns are the record's fields."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
)
from sqlalchemy.dialects import postgresql, sqlite

from router.records.record import CallRecord

TRACE_SEPARATOR = "\n"

metadata = MetaData()

call_records = Table(
    "call_records",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("x", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("callee", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("subscription_id", Text, nullable=False),
    Column("direction", Integer, nullable=False),
    Column("call_in_at", Double, nullable=False),
    Column("forward_start_at", Double),
    Column("alerting_at", Double),
    Column("answer_at", Double),
    Column("end_at", Double, nullable=False),
    Column("duration", Double, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state_code", Integer, nullable=False),
    Column("sip_status", Integer, nullable=False),
    Column("q850", Integer, nullable=False),
    Column("callee_status", Integer, nullable=False),
    Column("released_by", Text, nullable=False),
    Column("gateway", Text, nullable=False),
    Column("user_data", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Index("call_records_newest", "call_in_at"),
)


def insert_text(dialect: Dialect) -> str:
    """Return the INSERT as text with positional parameters in the record's order.

    A second record for a call is ignored. Compiled once: putting each group through
    the statement compiler would cost more than the writing.
    """
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    names: dict[str, object] = {name: bindparam(name) for name in CallRecord._fields}
    statement = make(call_records).values(names)
    kept = statement.on_conflict_do_nothing(index_elements=["call_id"])
    return str(kept.compile(dialect=dialect))


def to_row(record: CallRecord) -> tuple[object, ...]:
    """Return the record as the row that is written."""
    return (*record[:-1], TRACE_SEPARATOR.join(record.trace))


def from_row(row: tuple[object, ...]) -> CallRecord:
    """Return the record a row was written from."""
    *members, trace = row
    steps = tuple(str(trace).split(TRACE_SEPARATOR)) if trace else ()
    return CallRecord._make((*members, steps))

"""The process: what is opened and closed, signals, upkeep, the start and the end.

run        the whole life of `veil serve`        process.py
Service    everything opened, as one value       service.py
"""

from router.app.process import run
from router.app.service import Service

__all__ = ["Service", "run"]

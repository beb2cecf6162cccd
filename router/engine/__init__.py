"""Carries out on SIP, store and records what calls decide.

Engine          reads the stack's events                 engine.py
Intake          a new INVITE, up to its decision         intake.py
LiveCall        a call's sessions, clocks and commands   legs.py, clocks.py
Switchboard     what all calls stand on                  switchboard.py
"""

from router.engine.engine import Engine
from router.engine.switchboard import Switchboard

__all__ = ["Engine", "Switchboard"]

"""Settings: one frozen value, read once, every mistake reported together.

Settings        the YAML contract as a value            model.py, apps.py
load            file, environment and secrets to it      load.py
SettingsError   every mistake with its line              mistakes.py
"""

from router.settings.load import load
from router.settings.mistakes import Mistake, SettingsError
from router.settings.model import Settings

__all__ = ["Mistake", "Settings", "SettingsError", "load"]

"""A SIP stack for asyncio whose protocol floors need neither asyncio nor a socket."""

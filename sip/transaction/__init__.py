"""Transactions: reliable requests and responses over any transport.

RFC 3261 section 17, corrected by RFC 6026 (2xx to INVITE) and RFC 4320 (the rest).
"""

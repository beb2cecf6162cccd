"""The only sockets for SIP: UDP, TCP, TLS and the DNS look-ups behind them."""

"""Trunks: who sends us calls, where second legs go, how numbers look there."""

"""`veil demo`: both calls go through, the ladders leak nothing, the exit code is 0."""

from __future__ import annotations

import subprocess

import pytest

from tests.peers import ROOT
from tests.veil import COMMAND


@pytest.mark.socket
def test_the_demo_places_a_call_in_each_mode() -> None:
    done = subprocess.run(
        [*COMMAND, "demo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    ax, axb = done.stdout.split("── AX")[1:]
    for scene, callee in ((ax, "+8613800000001"), (axb, "+8613900000002")):
        assert scene.count("INVITE") == 2
        assert scene.count("200 OK") == 4
        assert f"INVITE {callee} (SDP)" in scene
        assert "result            answered" in scene
    assert "mode              AXB" in axb
    assert done.stdout.rstrip().endswith("all calls went through")

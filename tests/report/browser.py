"""The system's Chromium without a network, and axe-core from the npm registry: what tests of the page in use need."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE, AXE_SHA256 = "4.14.1", "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium from the system's packages; skips where there is none."""
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip(f"needs a Chromium of the system's packages on PATH ({', '.join(_NAMES)})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, file: Path, width: int = 1280, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """The page from disk with the network off, all its figures drawn; no message may reach the console."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, accept_downloads=True
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(_LOCAL) else None)
    page.goto(file.as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn")
    yield page
    assert not said
    context.close()


_LOCAL = ("file:", "data:", "blob:")


def axe(folder: Path) -> str:
    """The source of axe-core, fetched once by npm into a folder and checked; skips where npm cannot."""
    package = folder / f"axe-core-{AXE}.tgz"
    if not package.is_file():
        if shutil.which("npm") is None:
            pytest.skip("needs npm, to fetch axe-core")
        fetch = ["npm", "pack", f"axe-core@{AXE}"]
        done = subprocess.run(fetch, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot fetch axe-core: {done.stderr.strip().splitlines()[-1:]}")
    assert hashlib.sha256(package.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


def findings(page: Page, source: str) -> list[dict[str, Any]]:
    """Serious and critical findings of axe-core, each with what it is about."""
    page.evaluate(source)
    found = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        {"rule": v["id"], "at": [node["target"] for node in v["nodes"][:3]], "why": v["help"]}
        for v in found
        if v["impact"] in ("serious", "critical")
    ]

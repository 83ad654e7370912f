"""Where strangers' files are opened: a confined process for every file, so that a decoder's defect ends that process.

`Sandbox` is how programs reach it, `IN_PROCESS` the same work without walls, for one's own files and for tests.
"""

from verifier.sandbox.client import SandboxClient
from verifier.sandbox.host import Bounds, Sandbox, sandbox_of
from verifier.sandbox.reader import IN_PROCESS, Measured, Opened, Reader, Wish

__all__ = ["IN_PROCESS", "Bounds", "Measured", "Opened", "Reader", "Sandbox", "SandboxClient", "Wish", "sandbox_of"]

"""What every system test shares: one lab a class, conservation after each test, results as TAP."""

import os
import sys
import unittest

import lab as lab_module
import router as router_module
from lab import Lab, namespaces, wait_until


class SystemTest(unittest.TestCase):
    """`arrange(lab)` makes the hosts and returns the configuration; the router runs for the whole
    class."""

    lab = router = None

    @classmethod
    def arrange(cls, lab):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls._no_leftovers)
        cls.addClassCleanup(cls.lab.close)
        cls.router = router_module.make(cls.lab, cls.arrange(cls.lab))
        cls.router.start()
        cls.addClassCleanup(cls._stop)
        cls.buffers_at_start = cls.buffers_forwarding()

    @classmethod
    def buffers_forwarding(cls):
        return cls.router.buffers_in_use()["packets"] if cls.router.name == "weir" else 0

    @classmethod
    def _no_buffer_lost(cls):
        """What forwarding had in use comes back. Ports by AF_PACKET keep none that they sent, those
        by AF_XDP a ring of them until they send again."""
        if cls.router.name != "weir" or cls.router.process.poll() is not None:
            return
        rows = cls.router.api.get("/v1/interfaces")["interfaces"]
        rings = sum(row["method"] == "af-xdp" for row in rows)
        limit = cls.buffers_at_start + 2048 * rings
        if not wait_until(lambda: cls.buffers_forwarding() <= limit, 5, 0.02):
            raise AssertionError(f"{cls.buffers_forwarding()} buffers in use, {limit} at start")

    @classmethod
    def _stop(cls):
        cls._no_buffer_lost()
        code, _ = cls.router.stop()
        if code != 0:
            raise AssertionError(f"the router ended with {code}\n{cls.router.output()}")

    @classmethod
    def _no_leftovers(cls):
        left = namespaces(cls.lab.prefix)
        if left:
            raise AssertionError(f"namespaces left behind: {left}")

    def tearDown(self):
        self.router.assert_balanced()

    @property
    def is_weir(self):
        return self.router.name == "weir"

    def need_weir(self):
        if not self.is_weir:
            self.skipTest("a property of Weir, not of Linux")


class TapResult(unittest.TestResult):
    """Prints each test as a line of the Test Anything Protocol."""

    def __init__(self):
        super().__init__()
        self._count = 0

    def _line(self, ok, test, remark=""):
        self._count += 1
        name = getattr(test, "_testMethodName", None) or str(test)
        name = getattr(test, "beside", "") + name.removeprefix("test_")
        print(f"{'ok' if ok else 'not ok'} {self._count} - {name}{remark}", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(True, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(True, test, f" # SKIP {reason}")

    def _bad(self, test, error):
        self._line(False, test)
        text = self._exc_info_to_string(error, test)
        for line in text.splitlines():
            print("# " + line, flush=True)
        print(text, file=sys.stderr, flush=True)  # of TAP, meson shows only the verdicts

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._bad(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._bad(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            print(f"# in {subtest}")
            self._bad(test, error)

    def finish(self):
        print(f"1..{self._count}", flush=True)


def say(text):
    """A remark beside the results, such as a figure."""
    print("# " + text, flush=True)


def main(*modules):
    """Runs the tests of these modules, or of the calling one; names given on the command line
    select among them."""
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root: it makes network namespaces")
        return
    if os.environ.get("WEIR_TEST_ROUTER", "weir") == "weir" and not os.access(
        router_module.ROUTER, os.X_OK
    ):
        print(f"Bail out! {router_module.ROUTER} is not built")
        sys.exit(1)
    lab_module.handle_signals()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in sys.argv[1:]] or None
    result = TapResult()
    loader.loadTestsFromNames(modules or ["__main__"]).run(result)
    result.finish()
    sys.exit(0 if result.wasSuccessful() else 1)

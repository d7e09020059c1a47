"""The lines that the runner reads: one for each check, whatever becomes of it (see ../program.ts)."""

import traceback


def check(name, run):
    """Runs one check. True when it passed."""
    try:
        run()
    except Exception as error:  # whatever a client raises is what the check found
        traceback.print_exc()
        print(f"not ok {name}: {one_line(error)}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


def one_line(error):
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:500]


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def raises(kinds, run, holding=""):
    """`run` must raise one of these, with a text that holds `holding`."""
    try:
        run()
    except kinds as error:
        if holding not in str(error):
            raise AssertionError(f"expected '{holding}' in: {error}") from error
        return error
    raise AssertionError(f"nothing was raised, expected {kinds}")

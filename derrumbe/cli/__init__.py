"""The command line. Its words, folders and exit codes are a contract that scripts rely on."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command line. Exit 0 done, 1 our fault, 2 bad input, 3 a blocking check failed, 130 stopped by the user."""
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    import typer

    from derrumbe.cli.app import app
    from derrumbe.core.errors import DerrumbeError

    try:
        result = app(args=arguments, prog_name="derrumbe", standalone_mode=False)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.TyperException as error:
        return _say(f"{error.format_message()} `derrumbe --help` lists what there is", 2)
    except DerrumbeError as error:
        return _say(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _say("stopped; what is finished is kept, the same command goes on from there", 130)
    except Exception as error:
        return _say_our_fault(error)
    return result if isinstance(result, int) else 0


def _say(text: str, code: int) -> int:
    print("derrumbe: " + " ".join(text.split()), file=sys.stderr)
    return code


def _say_our_fault(error: Exception) -> int:
    import traceback

    traceback.print_exception(error)
    return _say(f"our fault: {error.__class__.__name__}: {error}; please report it with the lines above", 1)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

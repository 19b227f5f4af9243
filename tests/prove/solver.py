"""cvc5 as the program that a prover talks to: SMT-LIB 2 on standard input, answers on standard output.

PyPI's `cvc5` is a library without its command; this is the command, as far as `aedile policy prove` needs it.
"""

import sys

import cvc5

LANGUAGE = cvc5.InputLanguage.SMT_LIB_2_6


class Session:
    """A solver as it is after `(reset)`."""

    def __init__(self, options):
        self.solver = cvc5.Solver()
        for name, value in options:
            self.solver.setOption(name, value)
        self.symbols = cvc5.SymbolManager(self.solver)
        self.parser = cvc5.InputParser(self.solver, self.symbols)

    def answer(self, text):
        self.parser.setIncrementalStringInput(LANGUAGE, "input")
        self.parser.appendIncrementalStringInput(text)
        said = []
        while not (command := self.parser.nextCommand()).isNull():
            said.append(str(command.invoke(self.solver, self.symbols)))
        return "".join(said)


def whole(text):
    """Whether every bracket and quotation of `text` is closed."""
    depth, inside = 0, ""
    for character in text:
        if inside:
            inside = "" if character == inside else inside
        elif character in '"|':
            inside = character
        elif character == ";":
            inside = "\n"
        else:
            depth += (character == "(") - (character == ")")
    return depth <= 0 and not inside


def main():
    options = [word[2:].split("=", 1) for word in sys.argv[1:] if word.startswith("--tlimit")]
    session, held = Session(options), ""
    for line in sys.stdin:
        held += line
        if not whole(held):
            continue
        text, held = held, ""
        if text.strip() == "(reset)":
            session = Session(options)
            continue
        if text.strip() == "(exit)":
            break
        try:
            said = session.answer(text)
        except RuntimeError as error:
            said = f'(error "{str(error).splitlines()[0]}")\n'
        if said:
            sys.stdout.write(said if said.endswith("\n") else said + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

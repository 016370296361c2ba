"""Splits a shell's command line into the simple commands in it, as far as that can be told without running it.

What a variable, a function or a program puts together is not known here: such words stay as they are written, and
whoever asks finds nothing in them. The working tree is judged at the next step all the same.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

DEEPEST = 6
"""How many shells inside of shells are looked into."""
_LONGEST = 1 << 18
_DEEPEST_WORD = 40
"""The same of substitutions in a word."""
_ENDS = frozenset(";&|\n()")
_KEYWORDS = frozenset({"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "in", "{", "}", "!"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_RUNNERS = frozenset({"uv", "poetry", "pdm", "hatch", "pipenv", "rye"})
"""Programs that run what stands behind ``run`` in the project's environment."""
RUNNING_TEXT = frozenset({"python", "node", "ruby", "perl", "php"})
"""Programs that run what they are given as a text, a version behind the name or not."""
_BEFORE = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-D"),
    "doas": ("-u", "-C"),
    "env": ("-u", "-C", "-S"),
    "nice": ("-n",),
    "ionice": ("-c", "-n"),
    "timeout": ("-s", "-k"),
    "stdbuf": ("-i", "-o", "-e"),
    "xargs": ("-I", "-n", "-P", "-L", "-d", "-a", "-s", "-E"),
    **dict.fromkeys(("command", "builtin", "exec", "nohup", "time", "setsid", "busybox", "uvx", "npx"), ()),
}
"""Programs that start the one whose name follows, and those of their options that take a word."""


class Command(NamedTuple):
    """One program and its arguments."""

    words: tuple[str, ...]
    """Without quotes; the first is the program's name as written."""
    variables: tuple[tuple[str, str], ...] = ()
    """What is set for it alone, ``A=b git ...``; for a command without words: for all that follow."""
    writes: tuple[str, ...] = ()
    """Files that its output goes to."""
    folder: str = "."
    """Where it runs, from where the first of them does, as far as ``cd`` tells."""

    @property
    def name(self) -> str:
        return self.words[0].rpartition("/")[2] if self.words else ""


class _Words:
    """The words of one simple command as they come."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.writes: list[str] = []
        self.into = ""
        """The redirection whose target comes next."""

    def put(self, word: str) -> None:
        if self.into:
            if ">" in self.into and not word.isdigit() and word != "-":
                self.writes.append(word)
            self.into = ""
        else:
            self.words.append(word)


def commands(text: str, *, folder: str = ".", depth: int = 0) -> Iterator[Command]:
    """Yield the commands of *text* in order, those of shells that it starts among them."""
    if depth > DEEPEST or len(text) > _LONGEST:
        return
    for found, inner in _Split(text).simple():
        for script in inner:
            yield from commands(script, folder=folder, depth=depth + 1)
        command = _command(found, folder)
        if command.name in {"cd", "pushd"} and len(command.words) > 1:
            folder = _joined(folder, command.words[-1])
        if command.words or command.variables or command.writes:
            yield from _unwrapped(command, depth)


def _unwrapped(command: Command, depth: int) -> Iterator[Command]:
    """Yield *command*, then the one it starts, and the commands of the script that it hands to a shell."""
    yield command
    words = command.words
    if command.name in _SHELLS or command.name == "eval":
        script = _script(command)
        if script:
            yield from commands(script, folder=command.folder, depth=depth + 1)
    elif command.name == "find":
        for place, word in enumerate(words):
            if word in {"-exec", "-execdir", "-ok"} and place + 1 < len(words):
                # What is found is not known; the folders that are looked through are.
                named = tuple(one for one in words[place + 1 :] if one not in {"{}", "+", ";"})
                yield from _unwrapped(command._replace(words=named + _roots(words)), depth + 1)
    elif command.name in _RUNNERS and words[1:2] == ("run",) and depth <= DEEPEST:
        yield from _unwrapped(command._replace(words=tuple(_started(words[1:], (), late=False))), depth + 1)
    elif command.name in _BEFORE and depth <= DEEPEST:
        rest = _started(words, _BEFORE[command.name], late=command.name == "timeout")
        if rest:
            inner = _command(_listed(rest, command.writes), command.folder)
            yield from _unwrapped(inner._replace(variables=command.variables + inner.variables), depth + 1)


def _roots(words: Sequence[str]) -> tuple[str, ...]:
    found = []
    for word in words[1:]:
        if word.startswith(("-", "(", "!")):
            break
        found.append(word)
    return tuple(found) or (".",)


def _started(words: Sequence[str], taking: Sequence[str], *, late: bool) -> list[str]:
    """Return the words from the program on that *words* start."""
    place = 1
    while place < len(words):
        word = words[place]
        if word in taking:
            place += 2
        elif word.startswith("-"):
            place += 1
        elif late:
            late, place = False, place + 1
        else:
            return list(words[place:])
    return []


def _script(command: Command) -> str:
    if command.name == "eval":
        return " ".join(command.words[1:])
    place = 1
    while place < len(command.words) and command.words[place].startswith(("-", "+")):
        word = command.words[place]
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            return command.words[place + 1] if place + 1 < len(command.words) else ""
        # `-o pipefail`, `-euo pipefail`
        place += 2 if word[-1] in "oO" and not word.startswith("--") else 1
    return ""


def _listed(words: Sequence[str], writes: Sequence[str]) -> _Words:
    found = _Words()
    found.words, found.writes = list(words), list(writes)
    return found


def _command(found: _Words, folder: str) -> Command:
    words, variables = list(found.words), []
    while words and words[0] in _KEYWORDS:
        del words[0]
    while words and (pair := _assignment(words[0])):
        variables.append(pair)
        del words[0]
    return Command(tuple(words), tuple(variables), tuple(found.writes), folder)


def _assignment(word: str) -> tuple[str, str] | None:
    name, equals, value = word.partition("=")
    return (name, value) if equals and name.isidentifier() else None


def _joined(folder: str, path: str) -> str:
    if path.startswith("/") or folder == ".":
        return path
    return f"{folder}/{path}"


class _Split:
    """Goes through the text once, character by character."""

    def __init__(self, text: str, place: int = 0, level: int = 0) -> None:
        """*level* above 0: it begins inside of ``$(`` at *place*, and ends behind the parenthesis that closes it."""
        self.text = text
        self.place = place
        self.level = level
        self.open = 0
        """Subshells that are not closed."""
        self.inner: list[str] = []
        """Scripts inside of the command that is read: substitutions, here-documents for a shell."""
        self.waiting: list[tuple[str, bool]] = []
        """Here-documents whose lines begin at the next line end: their last line, and whether tabs may precede it."""

    def simple(self) -> Iterator[tuple[_Words, list[str]]]:
        """Yield each simple command with the scripts inside of it."""
        found = _Words()
        while not self._blank():
            char = self.text[self.place]
            if char in "<>" or self.text.startswith("&>", self.place):
                self._redirection(found)
            elif char in _ENDS:
                self.place += 1
                if char == "\n" and self.waiting:
                    self._here(found)
                self.open += {"(": 1, ")": -1}.get(char, 0)
                if self.open < 0 and self.level:
                    break
                yield found, self.inner
                found, self.inner = _Words(), []
            else:
                word = self._word()
                if not (word.isdigit() and self.text[self.place : self.place + 1] in {"<", ">"}):
                    found.put(word)
        yield found, self.inner

    def _blank(self) -> bool:
        """Go past spaces, comments and joined lines; tell whether nothing is left."""
        while self.place < len(self.text):
            if self.text.startswith("\\\n", self.place):
                self.place += 2
            elif self.text[self.place] == "#":
                self.place = self._end_of_line()
            elif self.text[self.place] in " \t\r":
                self.place += 1
            else:
                return False
        return True

    def _end_of_line(self) -> int:
        end = self.text.find("\n", self.place)
        return len(self.text) if end < 0 else end

    def _redirection(self, found: _Words) -> None:
        start = self.place
        while self.place < len(self.text) and self.text[self.place] in "<>&|":
            self.place += 1
            if (
                self.text[start : self.place] in {"<<", "<<<", ">|", "&>>"}
                and self.text[self.place : self.place + 1] != "<"
            ):
                break
        kind = self.text[start : self.place]
        if self.text.startswith("(", self.place):
            return
        if kind == "<<":
            tabs = self.text.startswith("-", self.place)
            self.place += tabs
            while self.text[self.place : self.place + 1] in {" ", "\t"}:
                self.place += 1
            self.waiting.append((self._word(), tabs))
            return
        found.into = kind

    def _here(self, found: _Words) -> None:
        """Take the here-documents that begin here; they are a script where a shell reads them."""
        for last, tabs in self.waiting:
            lines = []
            while self.place < len(self.text):
                end = self._end_of_line()
                line = self.text[self.place : end]
                self.place = end + 1
                if (line.lstrip("\t") if tabs else line) == last:
                    break
                lines.append(line)
            name = found.words[0].rpartition("/")[2] if found.words else ""
            if name in _SHELLS:
                self.inner.append("\n".join(lines))
            elif name.rstrip("0123456789.") in RUNNING_TEXT:
                found.words += ["-c", "\n".join(lines)]
        self.waiting = []

    def _word(self) -> str:
        parts = []
        while self.place < len(self.text):
            char = self.text[self.place]
            if char in " \t\r<>" or char in _ENDS:
                break
            if char == "\\":
                parts.append(self.text[self.place + 1 : self.place + 2].replace("\n", ""))
                self.place += 2
            elif char == "'":
                parts.append(self._single())
            elif char == '"':
                parts.append(self._double())
            elif char in "$`":
                parts.append(self._dollar())
            else:
                parts.append(char)
                self.place += 1
        return "".join(parts)

    def _single(self) -> str:
        end = self.text.find("'", self.place + 1)
        end = len(self.text) if end < 0 else end
        found = self.text[self.place + 1 : end]
        self.place = end + 1
        return found

    def _double(self) -> str:
        self.place += 1
        parts = []
        while self.place < len(self.text) and self.text[self.place] != '"':
            char = self.text[self.place]
            if char == "\\" and self.text[self.place + 1 : self.place + 2] in set('"\\$`\n'):
                parts.append(self.text[self.place + 1].replace("\n", ""))
                self.place += 2
            elif char in "$`":
                parts.append(self._dollar())
            else:
                parts.append(char)
                self.place += 1
        self.place += 1
        return "".join(parts)

    def _dollar(self) -> str:
        """Take an expansion; a command inside of it is one that runs, and what it prints is not known."""
        start = self.place
        if self.text[start] == "`":
            end = self.text.find("`", start + 1)
            end = len(self.text) if end < 0 else end
            self.inner.append(self.text[start + 1 : end])
            self.place = end + 1
            return self.text[start : self.place]
        if self.text.startswith("$'", start):
            self.place += 1
            return self._single()
        if not self.text.startswith("$(", start):
            self.place += 1
            return "$"
        if self.level == _DEEPEST_WORD:
            self.place += 2
            return "$("
        inside = _Split(self.text, start + 2, self.level + 1)
        for _ in inside.simple():
            pass
        self.place = inside.place
        self.inner.append(self.text[start + 2 : self.place].removesuffix(")"))
        return self.text[start : self.place]

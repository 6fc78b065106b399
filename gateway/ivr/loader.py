"""Flow files to flows: read, check, flatten, lint. All mistakes of all files are reported at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from gateway.edge.yaml_source import YamlSource, spelled
from gateway.errors import ConfigError
from gateway.ivr.graph import Flow, flatten, prompt_ids
from gateway.ivr.lint import lint
from gateway.ivr.prompts import Prompts, read_prompts
from gateway.ivr.schema import FlowFile

TEST_SUFFIX = ".test.yaml"
VERSION_CHARS = 12


class Flows(Mapping[str, Flow]):
    """The flows of one folder, by name."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        """These flows."""
        self._flows = dict(flows)

    def __getitem__(self, name: str) -> Flow:
        return self._flows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._flows)

    def __len__(self) -> int:
        return len(self._flows)


def load_flows(folder: Path) -> Flows:
    """Read ``<folder>/*.yaml`` with ``<folder>/prompts``; ``ConfigError`` lists every mistake as ``file:line: …``."""
    if not folder.is_dir():
        raise ConfigError([f"{folder}: no such folder; flows_dir names where the flows lie"])
    prompts, problems = read_prompts(folder / "prompts")
    flows: dict[str, Flow] = {}
    for path in sorted(p for p in folder.glob("*.yaml") if not p.name.endswith(TEST_SUFFIX)):
        try:
            flows[path.stem] = load_flow(path, prompts)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    if not flows:
        raise ConfigError([f"{folder}: no flow in it; a flow is <name>.yaml"])
    return Flows(flows)


def load_flow(path: Path, prompts: Prompts) -> Flow:
    """One flow file, checked."""
    source = YamlSource(path)
    try:
        file = FlowFile.model_validate(source.value)
    except ValidationError as error:
        raise ConfigError(spelled(error, source)) from None
    prompts = prompts.with_texts(file.texts)
    flat = flatten(file)
    problems = [f"{path}: step id {name!r} is used twice" for name in flat.doubled]
    if file.flow != path.stem:
        problems.append(
            f"{source.where(('flow',))}: flow is {file.flow!r} but the file is {path.name}; name both alike"
        )
    words = [
        f"{language}/{said}={prompts.items.get(language, {})[said].text}"
        for language in file.languages
        for said in sorted(
            {
                s
                for said in (*map(prompt_ids, flat.nodes.values()), *(a.say for a in file.asides.values()))
                for s in said
                if isinstance(s, str)
            }
        )
        if said in prompts.items.get(language, {})
    ]
    flow = Flow(
        name=file.flow,
        version=hashlib.sha256("\n".join([source.text, *words]).encode()).hexdigest()[:VERSION_CHARS],
        title=file.title,
        languages=tuple(file.languages),
        start=flat.start,
        nodes=flat.nodes,
        prompts=prompts,
        places=flat.places,
        danger=flat.danger,
        written=bool(file.texts),
        follow_up=file.follow_up,
        another=file.another,
        asides=file.asides,
    )
    if not problems:
        problems = lint(flow, lambda address: source.where(flat.places[address]))
    if problems:
        raise ConfigError(problems)
    return flow

"""Whether what a client saw, what the gateway's record of the request says and what the upstreams saw agree."""
import collections
import json

MOST_ATTEMPTS = 4  # three at the targets and one at the fallback
HONEST = ("right", "error", "broken", "left")


class Findings:
    """Disagreements by kind, each with its first examples."""

    MOST_EXAMPLES = 5

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = collections.defaultdict(list)

    def add(self, kind, outcome):
        self.counts[kind] += 1
        if len(self.examples[kind]) < self.MOST_EXAMPLES:
            self.examples[kind].append(outcome)

    @property
    def total(self):
        return self.counts.total()


def read_lines(path):
    with open(path) as file:
        for line in file:
            yield json.loads(line)


def by_request(notes):
    """The upstreams' notes of each request."""
    seen = collections.defaultdict(list)
    for note in notes:
        seen[note["id"]].append(note)
    return seen


def disagreements(outcome, seen):
    """What is wrong between one request's outcome, its record, and the upstreams' notes of it; kinds, most often none."""
    records = outcome["records"]
    if not records:
        # What a client sends and takes back at once may never be read: nobody waits for an answer then.
        return [] if outcome["verdict"] == "left" and not seen else ["no record"]
    if len(records) > 1:
        return ["several records"]
    record = records[0]
    found = list(_about_attempts(outcome, record, seen))
    if outcome["verdict"] in HONEST:
        found += _BY_VERDICT[outcome["verdict"]](outcome, record)
    if outcome["verdict"] == "right":
        found += _about_usage(outcome, record, seen)
    if outcome["verdict"] in ("error", "broken") and any(note["isWhole"] for note in seen):
        found.append("failed although an upstream answered well")
    return found


def is_unseen(outcome):
    """Whether a client left before the gateway had read its request."""
    return not outcome["records"] and outcome["verdict"] == "left"


def is_without_usage(outcome):
    """Whether a stream was cut behind its finish reason: a complete answer without the usage that was asked for."""
    return outcome["verdict"] == "right" and outcome["isUsageMissing"]


def _about_attempts(outcome, record, seen):
    asked = collections.Counter(attempt["target"] for attempt in record["attempts"])
    answered = collections.Counter(attempt["target"] for attempt in record["attempts"] if attempt.get("status"))
    arrived = collections.Counter(note["upstream"] for note in seen)
    if record["attempt_count"] > (1 if outcome["route"] == "single" else MOST_ATTEMPTS):
        yield "more attempts than the route allows"
    if sum(note["isWhole"] for note in seen) > 1:
        yield "asked again after a good answer"
    if record["attempt_count"] != len(record["attempts"]):
        yield "attempts are missing in the record"
    if any(arrived[name] > asked[name] for name in arrived):
        yield "more requests arrived upstream than attempts were made"
    if any(answered[name] > arrived[name] for name in answered):
        yield "an attempt has an answer but never arrived upstream"
    if sum(attempt["is_answer"] for attempt in record["attempts"]) > 1:
        yield "two attempts are the answer"


def _about_head(outcome, record):
    if record["status"] != outcome["status"]:
        yield "another status in the record"
    # The header stands in answers that took more than one attempt.
    if max(1, record["attempt_count"]) != outcome["attempts"]:
        yield "another number of attempts in the header"
    if record["ended_by"] not in ("backend", "deadline", "host"):
        yield f"ended by {record['ended_by']}"


def _about_right(outcome, record):
    yield from _about_head(outcome, record)
    if record.get("error_code") or record["ended_by"] != "backend" or record["phase"] != "done":
        yield "a right answer is recorded as a failure"
    given = [attempt for attempt in record["attempts"] if attempt["is_answer"]]
    if [(attempt["target"], attempt["outcome"]) for attempt in given] != [(outcome["maker"].split(".")[0], "ok")]:
        yield "another attempt is recorded as the answer"


def _about_usage(outcome, record, seen):
    is_whole = any(f"{note['upstream']}.{note['attempt']}" == outcome["maker"] and note["isWhole"] for note in seen)
    if outcome["isUsageMissing"] and is_whole:
        yield "usage that was sent is missing"
    # On the route that holds, the gateway asks for usage also where the client does not.
    is_counted = not outcome["isStream"] or outcome["wantsUsage"] or outcome["route"] == "hold"
    usage = (record.get("prompt_tokens"), record.get("completion_tokens"))
    if is_counted and is_whole and (record.get("is_usage_estimated") or usage != (len(outcome["id"]), outcome["pieces"])):
        yield "other usage in the record"


def _about_error(outcome, record):
    yield from _about_head(outcome, record)
    if record.get("error_code") not in (None, outcome["code"]):
        yield "another error code in the record"
    if record.get("error_code") is None and not any(attempt["outcome"] != "ok" for attempt in record["attempts"]):
        yield "an error is recorded as a good answer"


def _about_broken(outcome, record):
    yield from _about_head(outcome, record)
    if outcome["route"] == "hold":
        yield "a stream that is held broke off"
    if record.get("error_code") is None and all(attempt["outcome"] == "ok" for attempt in record["attempts"]):
        yield "a broken stream is recorded as a good answer"


def _about_left(_, record):
    # The answer may have been on its way when the client left.
    if record["ended_by"] not in ("client", "backend", "deadline", "host"):
        yield f"ended by {record['ended_by']}"


_BY_VERDICT = {"right": _about_right, "error": _about_error, "broken": _about_broken, "left": _about_left}

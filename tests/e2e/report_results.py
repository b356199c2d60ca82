#!/usr/bin/env python3
"""Results to report on, any number of them: those kept in tests/golden, under other phones' names.

  report_results.py COUNT [--hostile] > results.jsonl

Nine of ten are matches, as in a fleet that works; phones and sites are counted up. With --hostile the
first mismatch bears a subject, a path and a server name that are markup.
"""
import copy
import json
import pathlib
import sys

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
SITES = ["amsterdam", "bergen", "cadiz", "dresden", "essen", "firenze", "genève", "helsinki", "ivrea",
         "jena", "kraków", "lyon", "malmö", "narvik", "oslo", "porto", "quimper", "riga", "sofia", "tartu"]
MARKUP = "</td></title><script>window.owned=1</script><img src=x onerror=window.owned=2>\"'><svg onload=window.owned=3>"


def kept():
    """The results of verify that tests/golden holds, by verdict."""
    by_verdict = {}
    for path in sorted(GOLDEN.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            result = json.loads(line)
            if "verdict" in result and len(line) < 9000:
                by_verdict.setdefault(result["verdict"], []).append(result)
    return by_verdict


def renamed(result, number):
    """The same result, of another phone at some site."""
    result = copy.deepcopy(result)
    phone = f"SEP001F6C{number:06X}"
    site = SITES[(number * 7 + number // 50) % len(SITES)]
    result["capture"] = f"{site}/{phone}.pcap"
    for config in result["configs"]:
        if config["phone"]:
            config["phone"] = phone
            config["source"] = f"cnf/{phone}.cnf.xml"
    return result


def hostile(result):
    result["capture"] = f"site\"'><b>/{MARKUP}/x.pcap"
    result["summary"] = MARKUP
    for session in result["sessions"]:
        session["sni"] = MARKUP
        session["cipher"] = MARKUP
        session["offered_version"] = MARKUP
        session["server"]["ip"] = MARKUP
        for cert in session["chain"]:
            cert["subject"] = f"CN={MARKUP}"
            cert["san"] = [MARKUP]
        session["alerts"] = [{"frame": 20, "from": MARKUP, "level": MARKUP, "code": 42, "name": MARKUP}]
    for config in result["configs"]:
        config["source"] = MARKUP
        config["urls"] = [MARKUP]
        for value in config["cert_hashes"]:
            value["text"] = value["base64"] = value["hex"] = MARKUP
    for finding in result["findings"]:
        finding["message"] = finding["remedy"] = finding["code"] = finding["severity"] = MARKUP
    return result


def main():
    count = int(sys.argv[1])
    by_verdict = kept()
    trouble = [v for v in ("mismatch", "undecided", "mixed", "mismatch", "undecided") if v in by_verdict]
    out = sys.stdout
    for number in range(count):
        turn = number // 10
        verdict = trouble[turn % len(trouble)] if number % 10 == 0 else "match"
        choice = by_verdict[verdict]
        result = renamed(choice[turn % len(choice)], number)
        if "--hostile" in sys.argv and number == 0:
            result = hostile(result)
        out.write(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The page of `leafprint report` in a real Chromium: what its reader can see and do.

  report_page.py LEAFPRINT [DIRECTORY]    DIRECTORY: where screenshots go; none are made without it

Exit 77, "skipped", without Debian's chromium, chromium-driver and python3-selenium.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
HERE = pathlib.Path(__file__).resolve().parent

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    print("skipped: no python3-selenium")
    sys.exit(SKIPPED)

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

checks = 0
failures = []


def check(what, ok, found=""):
    global checks
    checks += 1
    if not ok:
        failures.append(f"{what}: {found}")


def equal(what, wanted, found):
    check(what, wanted == found, f"{repr(found)[:300]} instead of {repr(wanted)[:300]}")


class Page:
    """A page in a browser of its own."""

    def __init__(self, path, width=1360, dark=False, scripts=True, home=None):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                         f"--user-data-dir={home}"):
            options.add_argument(argument)
        if os.geteuid() == 0:  # as root, Chromium refuses to start with its sandbox
            options.add_argument("--no-sandbox")
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.driver.get(path.as_uri())

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script):
        return self.driver.execute_script(script)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def column(self, number):
        """The texts of a column, in the rows that are shown."""
        return self.run("return [...document.querySelectorAll('.results > tbody:not([hidden]) > .s')]"
                        f".map(row => row.cells[{number}].querySelector('summary, .v, time')?.textContent"
                        f" ?? row.cells[{number}].textContent)")

    def wait(self, condition):
        return WebDriverWait(self.driver, 10).until(lambda _: condition())

    def heading(self, number):
        return self.find(f".results > thead th:nth-child({number}) button")

    def shoot(self, directory, name):
        if directory:
            self.driver.save_screenshot(str(directory / f"{name}.png"))

    def requests(self):
        """The addresses that the page asked for, but itself."""
        seen = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith(("file:", "data:", "chrome")):
                    seen.append(url)
        return seen


def loads_quietly(page):
    equal("nothing in the console", [], page.driver.get_log("browser"))
    equal("nothing asked of a network", [], page.requests())
    equal("no text became a script", None, page.run("return window.owned"))
    equal("no picture came out of a text", 0, page.run("return document.images.length"))
    equal("one script", 1, page.run("return document.scripts.length"))
    check("the script ran", page.find(".tools").is_displayed())
    check("the hostile subject is text", page.run(
        "return [...document.querySelectorAll('.leaves b')].some(b => b.textContent.includes('<script>window.owned=1</script>'))"))
    # the policy holds, whatever else might slip through
    page.run("const s = document.createElement('script'); s.textContent = 'window.owned = 4'; document.body.append(s)")
    equal("a script put in is refused", None, page.run("return window.owned"))
    page.run("document.body.setAttribute('style', 'opacity: 0')")
    equal("a style put in is refused", "1", page.run("return getComputedStyle(document.body).opacity"))
    page.driver.get_log("browser")


def sorts(page):
    before = page.column(0)
    equal("the worst first", sorted(before, key=["mismatch", "mixed", "undecided", "match"].index), before)
    page.heading(2).click()
    phones = page.column(1)
    equal("sorted by phone", sorted(phones), phones)
    equal("said to be", "ascending", page.run("return document.querySelector('.results th:nth-child(2)').ariaSort"))
    page.heading(2).send_keys(Keys.ENTER)
    equal("and back, by keyboard", sorted(phones, reverse=True), page.column(1))
    equal("said to be", "descending", page.run("return document.querySelector('.results th:nth-child(2)').ariaSort"))
    page.heading(6).click()
    times = page.column(5)
    equal("sorted by time", sorted(times), times)
    equal("only one column is the sorted one", 1, page.run("return document.querySelectorAll('[aria-sort]').length"))
    page.heading(1).click()
    equal("back to the verdicts", before, page.column(0))


def chooses(page):
    everything = len(page.column(0))
    page.find(".tools input[value=match]").click()
    page.wait(lambda: "match" not in page.column(0))
    check("the others stay", set(page.column(0)) == {"mismatch", "mixed", "undecided"}, set(page.column(0)))
    equal("their number is told", f"{len(page.column(0))} of {everything} rows", page.find("output").text)
    page.find(".tools input[value=match]").click()
    page.wait(lambda: len(page.column(0)) == everything)

    box = page.find("input[type=search]")
    box.send_keys("sep001f6c00001e")
    page.wait(lambda: len(page.column(0)) == 1)
    equal("found by phone", ["SEP001F6C00001E"], page.column(1))
    box.clear()
    box.send_keys("c5b2b963cfb4cb5b65269bdc0b5fb0c1bb8ef792 renewed-nothing")
    page.wait(lambda: not page.column(0))
    check("nothing fits: said so", page.find(".none").is_displayed())
    page.find(".none button").click()
    page.wait(lambda: len(page.column(0)) == everything)
    check("the search is empty again, and has the focus",
          page.run("return document.activeElement.value === '' && document.activeElement.type === 'search'"))
    box.send_keys("<script>window.owned")
    page.wait(lambda: len(page.column(0)) == 1)
    equal("found by hostile subject", ["SEP001F6C000000"], page.column(1))
    box.clear()
    box.send_keys(Keys.SPACE)
    page.wait(lambda: len(page.column(0)) == everything)

    page.run("const s = document.querySelector('select'); s.value = 'lyon'; s.dispatchEvent(new Event('input', {bubbles: true}))")
    page.wait(lambda: set(page.column(2)) == {"lyon"})
    page.run("const s = document.querySelector('select'); s.value = ''; s.dispatchEvent(new Event('input', {bubbles: true}))")
    page.wait(lambda: len(page.column(0)) == everything)


def opens(page):
    page.run("document.querySelector('#r2 summary')?.scrollIntoView({block: 'center'})")
    summary = page.driver.find_elements(By.CSS_SELECTOR, ".results summary")[1]
    body = summary.find_element(By.XPATH, "ancestor::tbody")
    detail = body.find_element(By.CSS_SELECTOR, ".d")
    check("closed at first", not detail.is_displayed())
    summary.send_keys(Keys.ENTER)
    check("opened by keyboard", detail.is_displayed())
    page.wait(lambda: detail.find_elements(By.CSS_SELECTOR, ".ladder"))
    check("the ladder is drawn", detail.find_element(By.CSS_SELECTOR, ".ladder").size["height"] > 100)
    check("and told in words", "ClientHello" in detail.find_element(By.CSS_SELECTOR, ".ladder").get_attribute("aria-label"))
    equal("both hashes are marked", True, len(detail.find_elements(By.CSS_SELECTOR, ".hash mark")) >= 4)
    check("there is a remedy", "What to do" in detail.text, detail.text[:80])
    code = page.wait(lambda: detail.find_element(By.CSS_SELECTOR, ".filters .copy"))
    equal("a filter for Wireshark", "frame.number == 11 || frame.number == 16 || frame.number == 18", code.text)
    button = detail.find_element(By.CSS_SELECTOR, ".filters .take button")
    button.click()
    page.wait(lambda: button.text != "Copy")
    equal("the filter is selected", code.text, page.run("return String(getSelection())"))
    page.run("getSelection().removeAllRanges()")
    cell = body.find_element(By.CSS_SELECTOR, ".w")
    page.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)  # the heading stays in sight
    cell.click()
    check("closed by a click anywhere in the row", not detail.is_displayed())
    page.find("button[name=open]").click()
    closed = page.run("return document.querySelectorAll('.results .p details:not([open])').length")
    equal("all opened", 0, closed)
    page.wait(lambda: not page.driver.find_elements(By.CSS_SELECTOR, ".results noscript"))
    equal("no hostile text became a script", None, page.run("return window.owned"))
    equal("nor a picture", 0, page.run("return document.images.length"))
    equal("nor anything with a handler", 0, page.run("return document.querySelectorAll('[onerror], [onload]').length"))
    page.find("button[name=close]").click()
    equal("all closed", 0, page.run("return document.querySelectorAll('.results .p details[open]').length"))


def fits(page, what):
    equal(f"{what}: no wider than the window", True,
          page.run("return document.documentElement.scrollWidth <= innerWidth"))


def luminance(page, selector):
    """Of a colour that the page computes, as WCAG 2 defines it: (text, ground)."""
    def of(rgb):
        parts = [int(part) / 255 for part in rgb[rgb.index("(") + 1:-1].split(",")[:3]]
        red, green, blue = (p / 12.92 if p <= .04045 else ((p + .055) / 1.055) ** 2.4 for p in parts)
        return .2126 * red + .7152 * green + .0722 * blue
    return of(page.run(f"return getComputedStyle(document.querySelector('{selector}')).color")), \
        of(page.run("const probe = document.querySelector('.results'); return getComputedStyle(probe).backgroundColor"))


def contrast(page, what):
    # of every verdict, whether or not a row has it
    page.run("for (const v of ['match-issuer', 'error']) document.querySelector('.results')"
             ".insertAdjacentHTML('afterend', `<p class=v-${v} hidden></p>`)")
    for selector in (".v-mismatch", ".v-mixed", ".v-undecided", ".v-match-issuer", ".v-error", ".v-match", ".w", ".results small"):
        light, dark = sorted(luminance(page, selector), reverse=True)
        ratio = (light + .05) / (dark + .05)
        check(f"{what}: {selector} can be read", ratio >= 4.5, f"contrast {ratio:.2f}")


def without_scripts(page):
    # the driver's own scripts run all the same; the page's did not
    check("no tools", not page.find(".tools").is_displayed())
    equal("the headings are plain", 0, len(page.driver.find_elements(By.CSS_SELECTOR, ".results thead button")))
    summary = page.driver.find_elements(By.CSS_SELECTOR, ".results summary")[1]
    detail = summary.find_element(By.XPATH, "ancestor::tbody").find_element(By.CSS_SELECTOR, ".d")
    check("closed at first", not detail.is_displayed())
    summary.click()
    check("opens without a script", detail.is_displayed())
    check("with all in it", "What to do" in detail.text, detail.text[:80])
    check("and the ladder is drawn", detail.find_element(By.CSS_SELECTOR, ".ladder").size["height"] > 100)


def shoot_opened(page, shots, name):
    page.run("const d = document.querySelectorAll('.results .p details')[1]; d.open = true;"
             "d.scrollIntoView({block: 'start'}); scrollBy(0, -60)")
    page.wait(lambda: page.driver.find_elements(By.CSS_SELECTOR, ".results details[open]"))
    page.shoot(shots, name)


def main():
    leafprint = pathlib.Path(sys.argv[1]).resolve()
    shots = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if not CHROMIUM or not DRIVER:
        print("skipped: no chromium or no chromium-driver")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        os.environ["HOME"] = name
        results, path = work / "results.jsonl", work / "report.html"
        with results.open("w") as out:
            subprocess.run([sys.executable, HERE / "report_results.py", "400", "--hostile"], stdout=out, check=True)
        subprocess.run([leafprint, "report", "-q", "-o", path, results], check=True)
        runs = [("light", {}, [loads_quietly, sorts, chooses, opens]),
                ("dark", {"dark": True}, []),
                ("phone", {"width": 390}, []),
                ("plain", {"scripts": False}, [without_scripts])]
        for name, arguments, tests in runs:
            page = Page(path, home=work / name, **arguments)
            try:
                fits(page, name)
                contrast(page, name)
                page.shoot(shots, name)
                for test in tests:
                    test(page)
                shoot_opened(page, shots, f"{name}-opened")
                fits(page, f"{name}, opened")
            finally:
                page.driver.quit()
    print(f"report_page: {checks} checks, {len(failures)} failures")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

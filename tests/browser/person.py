"""One person with a browser of their own: what they fill in, press and read. No shortcuts around the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

PASSWORD = "an honest passphrase 47"
CODE = re.compile(r"\b[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\b")


@dataclass
class Person:
    """`page` is theirs alone. `postbox` reads the demo's mail, as they would read their own."""

    name: str
    email: str
    page: Page

    def go(self, path: str) -> Person:
        answer = self.page.goto(path)
        assert answer is not None and answer.status < 400, f"{path} answered {answer and answer.status}"
        return self

    def fill(self, **fields: str) -> Person:
        """By label: `fill(Your_name="Mo")` fills the field whose label reads “Your name”."""
        for label, value in fields.items():
            self.enter(label.replace("_", " "), value)
        return self

    def enter(self, label: str, value: str) -> Person:
        """The first visible control whose label begins with `label`: typed into, chosen from, or ticked."""
        control = self.page.locator("main").get_by_label(re.compile(rf"^\s*{re.escape(label)}")).locator("visible=true").first
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(label=value)
        else:
            control.fill(value)
        return self

    def choose(self, label: str) -> Person:
        """Tick the box or radio with that label."""
        self.page.locator("main").get_by_label(re.compile(rf"^\s*{re.escape(label)}")).first.check()
        return self

    def press(self, button: str) -> Person:
        self.page.locator("main").get_by_role("button", name=re.compile(re.escape(button))).first.click()
        self.page.wait_for_load_state()
        return self.does_not_see("Nothing was changed", "There is a problem")

    def follow(self, link: str) -> Person:
        self.page.locator("main").get_by_role("link", name=re.compile(re.escape(link))).first.click()
        self.page.wait_for_load_state()
        return self

    def sees(self, *texts: str) -> Person:
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)
        return self

    def does_not_see(self, *texts: str) -> Person:
        for text in texts:
            expect(self.page.locator("body")).not_to_contain_text(text)
        return self

    def is_refused(self, path: str, why: str) -> Person:
        """The page answers 403, or shows itself without any button to press; either way it says why."""
        answer = self.page.goto(path)
        assert answer is not None and answer.status in {200, 403}, f"{path} answered {answer and answer.status}"
        expect(self.page.locator("main").get_by_role("button")).to_have_count(0)
        return self.sees(why)

    def tries(self, button: str, why: str) -> Person:
        """Press a button that this person may not press: the site refuses and says why."""
        self.page.locator("main").get_by_role("button", name=re.compile(re.escape(button))).first.click()
        self.page.wait_for_load_state()
        return self.sees("You cannot", why)

    def newest_mail(self) -> str:
        """The text of the newest mail to this person."""
        box = self.page.context.new_page()
        box.goto(f"/demo/mail/?to={self.email}")
        box.locator("main .rows a").first.click()
        text = box.locator("main").inner_text()
        box.close()
        return text

    def sign_up(self) -> Person:
        self.go("/accounts/signup/")
        self.page.locator("input[name=name]").fill(self.name)
        self.page.locator("input[name=email]").fill(self.email)
        self.page.locator("input[name=password1]").fill(PASSWORD)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_load_state()
        return self.prove_address()

    def prove_address(self) -> Person:
        """Type the code from the mail, as on every first visit."""
        self.page.locator("input[name=code]").fill(self.code())
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_load_state()
        expect(self.page.locator("header")).to_contain_text(self.name)
        return self

    def sign_in(self, password: str) -> Person:
        self.go("/accounts/login/")
        self.page.locator("input[name=login]").fill(self.email)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_load_state()
        return self.prove_address()

    def code(self) -> str:
        found = CODE.search(self.newest_mail().partition("State")[2])
        assert found, "no code in the newest mail"
        return found[0]

"""The one boot of `make check`."""


def test_the_image_boots_to_a_shell_serves_its_page_and_powers_off(boot):
    machine = boot("dev")
    machine.wait_for_landmark()
    machine.wait_for_shell()
    assert b"<html" in machine.wait_for_page().lower()
    assert machine.shell("version").strip()
    machine.send("poweroff\r")
    assert machine.wait_for_end() == "off"

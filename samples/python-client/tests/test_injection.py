"""The injected sitecustomize: what the program sees is what it would have seen without."""

import json
import os
import shutil
import subprocess
import sys
import unittest

from support import BOOTSTRAP, CLIENT, ProcessTestCase

SHOW_PATH = """
    import json, sys
    print(json.dumps([sys.path, sys.argv]))
"""


class InjectionTest(ProcessTestCase):
    def test_sys_path_is_the_users(self):
        own = os.path.join(self.folder, "own")
        os.makedirs(own)
        injected = json.loads(self.run_to_end(SHOW_PATH, PYTHONPATH=own).out())
        plain = subprocess.run(
            [sys.executable, os.path.join(self.folder, "program.py")],
            env=dict(os.environ, PYTHONPATH=own), stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        self.assertEqual(json.loads(plain.stdout), injected)

    def test_a_users_tests_folder_is_not_shadowed_by_ours(self):
        self.write("own/tests/__init__.py", "where = 'mine'")
        self.run_to_end("import tests; assert tests.where == 'mine'", PYTHONPATH=os.path.join(self.folder, "own"))

    def test_the_users_sitecustomize_runs_once_and_is_the_module(self):
        self.write("own/sitecustomize.py", "mark = 'mine'; print('ran')")
        child = self.run_to_end("import sitecustomize; print(sitecustomize.mark)", PYTHONPATH=self.folder + "/own")
        self.assertEqual("ran\nmine\n", child.out())

    def test_without_one_of_the_users_nothing_is_said(self):
        child = self.run_to_end("import apm_tracing.auto; assert apm_tracing.auto._installed")
        self.assertEqual("", child.err() + child.out())

    def test_a_broken_one_is_told_by_python_as_always_and_tracing_goes_on(self):
        self.write("own/sitecustomize.py", "import nothing_of_this_name")
        program = "import apm_tracing.auto; assert apm_tracing.auto._installed; print('on')"
        child = self.run_to_end(program, PYTHONPATH=self.folder + "/own")
        self.assertEqual("on\n", child.out())
        self.assertIn("No module named 'nothing_of_this_name'", child.err())
        with open(os.path.join(self.folder, "program.py"), "w") as file:
            file.write("pass")
        plain = subprocess.run(
            [sys.executable, os.path.join(self.folder, "program.py")],
            env=dict(os.environ, PYTHONPATH=self.folder + "/own"), stderr=subprocess.PIPE, check=True,
        )  # fmt: skip
        self.assertEqual(plain.stderr.decode().splitlines()[-1], child.err().splitlines()[-1])

    def test_a_broken_client_is_one_line_and_the_program_runs(self):
        broken = os.path.join(self.folder, "client")
        shutil.copytree(os.path.join(CLIENT, "apm_tracing"), os.path.join(broken, "apm_tracing"))
        with open(os.path.join(broken, "apm_tracing", "auto.py"), "w") as file:
            file.write("raise OSError('disk')")
        path = os.path.join(broken, "apm_tracing", "bootstrap")
        child = self.run_to_end("print('runs')", injected=False, PYTHONPATH=path)
        # CLIENT comes first in that path, the broken copy is next to its own start-up file
        self.assertEqual("runs\n", child.out())
        self.assertRegex(
            child.err(), r"^apm: tracing could not start in .*python.* \(OSError: disk\)\. The program runs on; APM_QUIET=1 hides this line\.\n$"
        )
        quiet = self.run_to_end("print('runs')", injected=False, PYTHONPATH=path, APM_QUIET="1")
        self.assertEqual("", quiet.err())

    def test_a_library_we_do_not_understand_is_left_alone(self):
        self.write("jinja2/__init__.py", "")
        self.write("jinja2/environment.py", "word = 'another jinja2'")
        child = self.run_to_end("import jinja2.environment; print(jinja2.environment.word)")
        self.assertEqual("another jinja2\n", child.out())
        self.assertRegex(child.err(), r"^apm: preparing jinja2\.environment failed \(AttributeError: .*\), this part is not traced\.")
        self.assertEqual(1, len(child.err().splitlines()))

    def test_the_start_up_file_parses_in_old_pythons(self):
        with open(os.path.join(BOOTSTRAP, "sitecustomize.py")) as file:
            text = file.read()
        for newer in ("f'", 'f"', "nonlocal", "async ", " -> ", "raise users_error from"):
            self.assertNotIn(newer, text)

    def test_pip_is_not_traced(self):
        child = self.start(self.write("pip/__main__.py", """
            import http.client, sqlite3
            sqlite3.connect(":memory:").execute("select 1")
            print("done")
        """), python=sys.executable)  # fmt: skip
        self.assertEqual(0, child.wait(), child.story())
        self.assertEqual("done\n", child.out())
        self.assertEqual([], self.agent.requests)

    def test_a_program_that_traces_nothing_loads_nothing(self):
        child = self.run_to_end("""
            import sys
            print(sorted(m for m in sys.modules if m.startswith("apm_tracing")))
        """)
        self.assertEqual("['apm_tracing', 'apm_tracing._hooks', 'apm_tracing._quiet', 'apm_tracing._version', 'apm_tracing.auto']\n", child.out())
        self.assertEqual([], self.agent.requests)

    def test_modules_keep_their_loaders(self):
        self.run_to_end("""
            import http.client, inspect, importlib, sqlite3
            assert "exec_module" not in vars(http.client.__spec__.loader)
            assert "class HTTPConnection" in inspect.getsource(http.client)
            importlib.reload(http.client)
        """)


if __name__ == "__main__":
    unittest.main()

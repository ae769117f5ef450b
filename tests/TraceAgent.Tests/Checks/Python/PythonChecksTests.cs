using System.Diagnostics;
using Apm.Core.Counting;
using Apm.TestKit;
using Apm.TraceAgent.Checks;
using Apm.TraceAgent.Checks.Python;

namespace Apm.TraceAgent.Tests.Checks.Python;

/// <summary>Python checks as people write them, and the ways in which they go wrong, each in a real Python process.</summary>
public sealed class PythonChecksTests : IAsyncDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("checks").FullName;
    readonly CheckRecorder _output = new();
    readonly Counters _counters = new();
    readonly List<ICheck> _made = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var check in _made) await check.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("from checks import AgentCheck")]
    [InlineData("from datadog_checks.base import AgentCheck")]
    [InlineData("from datadog_checks.checks import AgentCheck")]
    [InlineData("from datadog_checks.base.checks import AgentCheck")]
    [InlineData("try:\n\tfrom datadog_checks.base import AgentCheck\nexcept ImportError:\n\tfrom checks import AgentCheck")]
    public async Task The_check_of_the_walkthrough_runs_as_it_is(string import)
    {
        // Tabs indent it, as there.
        var check = Check("my_metric", $"{import}\nimport random\n\nclass CustomCheck(AgentCheck):\n\tdef check(self, instance):\n\t\tself.gauge('my_metric', random.randint(0,1000))\n");

        await Run(check);
        await Run(check);

        Assert.Equal(2, _output.Lines.Count);
        Assert.All(_output.Lines, line => Assert.Matches(@"^Gauge my_metric \d+$", line));
        Assert.Equal("unversioned", ((IVersionedCheck)check).Version);
    }

    [Fact]
    public async Task Everything_that_a_check_can_give_out()
    {
        var check = Check("all", """
            from datadog_checks.base import AgentCheck
            __version__ = '1.2.3'
            class All(AgentCheck):
                __NAMESPACE__ = 'ours'
                def __init__(self, name, init_config, instances):
                    super(All, self).__init__(name, init_config, instances)
                    self.check_initializations.append(lambda: self.gauge('prepared', 1))
                def check(self, instance):
                    self.gauge('g', 1.5, tags=['a:b', None, b'c:d'], device_name='sda')
                    self.gauge('raw', '2', hostname='other', raw=True)
                    self.rate('r', 3)
                    self.count('c', 4)
                    self.monotonic_count('m', 5, flush_first_value=True)
                    self.histogram('h', 6)
                    self.historate('hr', 7)
                    self.distribution('d', 8)
                    self.increment('i')
                    self.decrement('i')
                    self.gauge('none', None)
                    self.gauge('text', 'abc')
                    self.gauge('nan', float('nan'))
                    self.gauge('tagged', 1, tags='a:b')
                    self.service_check('up', AgentCheck.CRITICAL, tags=['x'], message='down')
                    self.event({'timestamp': 1700000000, 'msg_title': 'T', 'msg_text': 'M', 'tags': ['e:f'], 'api_key': 'k'})
                    self.warning('look at %s', 'this')
                    self.set_metadata('version', '9.9')
                    self.gauge(self.normalize('a b--c_.(d)', 'P'), instance['nested']['list'][1])
                    self.write_persistent_cache('k', str(int(self.read_persistent_cache('k') or 0) + 1))
                    self.gauge('runs', float(self.read_persistent_cache('k')))
            """, new() { ["nested"] = new Dictionary<string, object?> { ["list"] = new List<object?> { 1L, 2.5 } } });

        await Run(check);
        var first = _output.Lines.ToList();
        _output.Lines.Clear();
        await Run(check);

        Assert.Equal(
        [
            "Gauge ours.prepared 1", "Gauge ours.g 1.5 a:b c:d device:sda", "Gauge raw 2 host:other", "Rate ours.r 3", "Count ours.c 4", "Count ours.m 5", "MonotonicCount ours.m 5", "Histogram ours.h 6", "Historate ours.hr 7",
            "Distribution ours.d 8", "Counter ours.i 1", "Counter ours.i -1",
            "warning Metric: text has non float value: abc. Only float values can be submitted as metrics.", "warning Metric: nan has the value nan, which is not kept.",
            "warning tags='a:b' is a text; it is taken as one tag. Write tags=['a:b'].", "Gauge ours.tagged 1 a:b", "ours.up Critical x down", "event T: M at 1700000000 e:f", "warning look at this", "version=9.9", "Gauge ours.P.a_b_c.d 2.5", "Gauge ours.runs 1",
        ], first);
        Assert.DoesNotContain(_output.Lines, line => line is "Gauge ours.prepared 1" or "Count ours.m 5");
        Assert.Contains("Gauge ours.runs 2", _output.Lines);
        Assert.Equal("1.2.3", ((IVersionedCheck)check).Version);
    }

    [Theory]
    [InlineData("class A(AgentCheck):\n    def check(self, instance):\n        return 1 / 0\n", "bad.py fails in line 4: ZeroDivisionError: division by zero")]
    [InlineData("class A(AgentCheck):\n    def check(self, instance)\n        pass\n", "bad.py fails in line 3: SyntaxError: expected ':'")]
    [InlineData("import nothing_of_this_name\n", "bad.py fails in line 2: ModuleNotFoundError: No module named 'nothing_of_this_name'")]
    [InlineData("x = 1\n", "bad: bad.py has no class that derives from AgentCheck, such as: class MyCheck(AgentCheck):.")]
    [InlineData("class A(AgentCheck):\n    pass\n", "bad: NotImplementedError: A has no method check(self, instance).")]
    [InlineData("class A(AgentCheck):\n    def check(self, instance):\n        exit(3)\n", "bad.py fails in line 4: SystemExit: 3")]
    [InlineData("class A(AgentCheck):\n    def check(self, instance):\n        self.http.get('x')\n", "bad.py fails in line 4: datadog_checks.base.errors.CheckException: self.http is not part of Apm's AgentCheck; import requests (or urllib.request) and call it directly")]
    public async Task A_failure_is_one_sentence_with_the_place_and_the_last_line(string program, string sentence)
    {
        var check = Check("bad", "from checks import AgentCheck\n" + program);

        Assert.Equal(sentence, (await Failure(check)).Message);
        Assert.Equal(sentence, (await Failure(check)).Message); // The process goes on.
        Assert.Equal(0, _counters.Read("check_process_restarts"));
    }

    [Fact]
    public async Task The_traceback_is_that_of_the_check_without_ours()
    {
        var failure = await Failure(Check("bad", "from checks import AgentCheck\nclass A(AgentCheck):\n    def check(self, instance):\n        self.deeper()\n    def deeper(self):\n        raise ValueError('no')\n"));

        Assert.Equal(
        [
            "Traceback (most recent call last):", $"  File \"{_folder}/bad.py\", line 4, in check", "    self.deeper()", $"  File \"{_folder}/bad.py\", line 6, in deeper", "    raise ValueError('no')", "ValueError: no",
        ], failure.Traceback);
    }

    [Fact]
    public async Task A_check_of_the_old_form_and_one_derived_from_another()
    {
        var old = Check("old", "from checks import AgentCheck\nclass Old(AgentCheck):\n    def __init__(self, name, init_config, agentConfig, instances=None):\n        AgentCheck.__init__(self, name, init_config, agentConfig, instances)\n    def check(self, instance):\n        self.gauge('old', len(self.instances), tags=[self.agentConfig['hostname']])\n");
        var derived = Check("derived", "from checks import AgentCheck\nclass A(AgentCheck):\n    pass\nclass B(A):\n    def check(self, instance):\n        self.gauge('b', 1)\n");

        await Run(old);
        await Run(derived);

        Assert.Equal(["Gauge old 1 box", "Gauge b 1"], _output.Lines);
    }

    [Fact]
    public async Task What_it_prints_is_not_taken_for_an_answer()
    {
        await Run(Check("loud", "import os, sys, subprocess\nfrom checks import AgentCheck\nprint('[\"ok\"]')\nclass A(AgentCheck):\n    def check(self, instance):\n        print('garbage \\x00')\n        sys.stdout.write('[\"ok\"]\\n')\n        os.write(1, b'\\xff\\xfe')\n        subprocess.call(['echo', '[\"ok\"]'])\n        self.gauge('a', 1)\n"));

        Assert.Equal(["Gauge a 1"], _output.Lines);
    }

    [Fact]
    public async Task One_that_hangs_is_ended_with_all_that_it_started_and_begins_anew()
    {
        var check = Check("hangs", $"import os, subprocess, time\nfrom checks import AgentCheck\nclass A(AgentCheck):\n    def check(self, instance):\n        self.gauge('a', 1)\n        if not os.path.exists('{_folder}/once'):\n            child = subprocess.Popen(['sleep', '600'])\n            with open('{_folder}/once', 'w') as f: f.write(str(child.pid))\n            while True: time.sleep(1)\n");
        using var limit = new CancellationTokenSource();
        var run = check.RunAsync(_output, limit.Token);
        await Until.True("it hangs", TimeSpan.FromSeconds(20), () => Task.FromResult(File.Exists($"{_folder}/once") && File.ReadAllText($"{_folder}/once").Length > 0));

        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);

        var child = File.ReadAllText($"{_folder}/once");
        await Until.True("its child is gone", TimeSpan.FromSeconds(20), () => Task.FromResult(!IsAlive(child)));
        await Run(check);
        Assert.Equal(1, _counters.Read("check_process_restarts", service: "hangs"));
    }

    [Fact]
    public async Task One_that_dies_says_how_and_begins_anew()
    {
        var check = Check("dies", $"import os, sys\nfrom checks import AgentCheck\nclass A(AgentCheck):\n    def check(self, instance):\n        if not os.path.exists('{_folder}/once'):\n            open('{_folder}/once', 'w').close()\n            print('last words')\n            sys.stdout.flush()\n            os.kill(os.getpid(), 11)\n        self.gauge('a', 1)\n");

        Assert.Equal("The process of dies ended in the middle of a run (signal 11, SIGSEGV); it is started anew for the next one.", (await Failure(check)).Message);
        await Run(check);
        Assert.Equal(["Gauge a 1"], _output.Lines);
    }

    [Fact]
    public async Task One_that_forks_gives_out_each_number_once()
    {
        await Run(Check("forks", "import os\nfrom checks import AgentCheck\nclass A(AgentCheck):\n    def check(self, instance):\n        os.fork()\n        os.fork()\n        self.gauge('a', 1)\n"));

        Assert.Equal(["Gauge a 1"], _output.Lines);
    }

    [Fact]
    public async Task A_storm_of_processes_is_stopped()
    {
        var check = Check("storm", "import os, time\nfrom checks import AgentCheck\nclass A(AgentCheck):\n    def check(self, instance):\n        for i in range(30):\n            if os.fork() == 0:\n                time.sleep(600)\n        time.sleep(600)\n", settings: new PythonSettings { MaxProcesses = 20 });

        Assert.Matches(@"^storm had \d+ processes at once; 20 are allowed\. They were stopped\.$", (await Failure(check)).Message);
    }

    [Fact]
    public async Task One_that_takes_too_much_memory_fails_and_not_the_machine()
    {
        var check = Check("greedy", "from checks import AgentCheck\nclass A(AgentCheck):\n    def check(self, instance):\n        x = []\n        while True: x.append('x' * 1000000 + str(len(x)))\n", settings: new PythonSettings { MaxBytes = 67_108_864 });

        Assert.Equal("greedy.py fails in line 5: MemoryError", (await Failure(check)).Message.TrimEnd(':', ' '));
    }

    [Fact]
    public async Task An_answer_that_is_none_ends_the_process()
    {
        var check = Check("forges", "from checks import AgentCheck\nfrom datadog_checks.base import agent_check\nclass A(AgentCheck):\n    def check(self, instance):\n        agent_check.output._file.write('x' * 2000000)\n        self.gauge('a', 1)\n");

        Assert.Equal("The process of forges answered what is no answer (a line is longer than 1048576 bytes); it was stopped and is started anew for the next run.", (await Failure(check)).Message);
    }

    [Fact]
    public async Task Without_Python_it_is_said_what_to_install()
    {
        var check = Check("my_metric", "", settings: new PythonSettings { Interpreter = "no-such-python" });

        Assert.Matches(@"^no-such-python cannot be started \(.+\), and my_metric is written in Python\. Install Python 3\.6 or newer, or name it with checks\.python\.$", (await Failure(check)).Message);
    }

    [Fact]
    public void A_line_of_the_process_table_is_read_whatever_the_name_is()
    {
        Assert.Equal((42, 7L), ProcessGroup.GroupAndPages("1 (a) b (c) S 2 42 42 0 -1 1 0 0 0 0 0 0 0 0 20 0 1 0 100 4096 7 18446744073709551615 1 1"));
        Assert.Null(ProcessGroup.GroupAndPages("nonsense"));
    }

    ICheck Check(string name, string program, Dictionary<string, object?>? instance = null, PythonSettings? settings = null)
    {
        var file = Path.Combine(_folder, $"{name}.py");
        File.WriteAllText(file, program);
        var python = new PythonChecks((settings ?? new PythonSettings()) with { Folders = [_folder], CacheFolder = Path.Combine(_folder, "cache"), Host = "box", Version = "1" }, TimeProvider.System, _counters);
        var check = python.Create($"{name}:1", name, file, "", new Dictionary<string, object?>(), instance ?? []);
        _made.Add(check);
        return check;
    }

    Task Run(ICheck check) => check.RunAsync(_output, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));

    Task<CheckFailedException> Failure(ICheck check) => Assert.ThrowsAsync<CheckFailedException>(() => Run(check));

    static bool IsAlive(string processId)
    {
        try
        {
            return !Process.GetProcessById(int.Parse(processId, System.Globalization.CultureInfo.InvariantCulture)).HasExited && !File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception problem) when (problem is ArgumentException or IOException or InvalidOperationException)
        {
            return false;
        }
    }
}

using Apm.Core.Diagnosis;

namespace Apm.Doctor.Tests;

/// <summary>How the doctor behaves: silent when all is well, one thing first, no secrets.</summary>
public class ConductTests
{
    [Fact]
    public void A_healthy_app_yields_nothing()
    {
        var judgement = FaultTable.Judge(Case.Told(process => process.WithSpans(7), agent => agent with { Services = [new ServiceFate("flaskapp", 7, 7, 0, "", 0)] }));

        Assert.Empty(judgement.All);
    }

    [Fact]
    public void A_healthy_installation_yields_nothing()
    {
        var facts = Case.Overall(agent => agent with { Services = [new ServiceFate("flaskapp", 7, 5, 2, "priority_drop", 0)], Paths = [new PathFacts("/v0.4/traces", 20, 16, 0, 400)] }, Case.Process.WithSpans(7));

        Assert.Empty(FaultTable.Judge(facts).All);
    }

    [Fact]
    public void Once_traces_flow_no_fault_is_named_whatever_the_facts_hold()
    {
        var facts = Case.Told(process => process.WithSpans(7) with { Ports = [new ListeningPort(5050, false, [new PortHolder(800, "x", 0)])] }, launcher: launcher => launcher.With(("HTTP_PROXY", "http://proxy:3128"), ("DD_TRACE_ENABLED", "false")));

        Assert.Null(FaultTable.Judge(facts).First);
    }

    [Fact]
    public void A_reloader_whose_child_is_traced_is_well()
    {
        var facts = Case.Told(process => process with { Info = process.Info with { ProcessId = 4123 } },
            launcher: launcher => launcher with { Processes = [new FamilyMember(4121, 1, "python3", []), new FamilyMember(4123, 4121, "python3", [5050]) { IsReloaderChild = true }] });

        Assert.Equal("TD01", FaultTable.Judge(facts).First?.Code);
    }

    [Fact]
    public void A_process_just_started_is_given_time()
    {
        Assert.Null(FaultTable.Judge(Case.Launched(launcher => (launcher with { ElapsedSeconds = 1, ImportsTracer = false }).With(("DD_TRACE_ENABLED", "false")))).First);
    }

    [Fact]
    public void One_cause_comes_first_and_the_others_are_runners_up()
    {
        var judgement = FaultTable.Judge(Case.Launched(launcher => (launcher with { ImportsTracer = false, ImportProblem = "no" }).With(("DD_TRACE_ENABLED", "false"))));

        Assert.Equal(("TD30", "TD07"), (judgement.First?.Code, judgement.RunnersUp[0].Code));
    }

    [Fact]
    public void A_child_that_was_started_anew_a_moment_ago_is_no_silent_one()
    {
        Judgement Of(double age, params FamilyMember[] others) => FaultTable.Judge(Case.Told(process => process with { Info = process.Info with { ProcessId = 4130 } },
            launcher: launcher => launcher with { ElapsedSeconds = 900, Processes = [new FamilyMember(4121, 1, "python3", []), .. others, new FamilyMember(4131, 4121, "python3", [5050]) { IsReloaderChild = others.Length == 0, AgeSeconds = age }] }));
        var reporting = new FamilyMember(4130, 4121, "python3", [5050]) { AgeSeconds = 900 };

        Assert.Equal(("TD01", "TD08"), (Of(2).First?.Code, Of(7).First?.Code));
        Assert.Equal(("TD01", "TD09"), (Of(2, reporting).First?.Code, Of(7, reporting).First?.Code));
        var silent = new FamilyMember(4132, 4121, "python3", [5050]) { AgeSeconds = 900 };
        Assert.Equal("2 workers hold port 5050 and only 1 of them reports: they were forked from pid 4121 after the tracer had started in it. Load the app in the workers.", Of(2, reporting, silent).First?.Sentence); // The young one hides nobody.
    }

    [Fact]
    public void The_first_station_that_is_red_explains_itself()
    {
        var facts = Case.Launched(launcher => launcher with { Answer = AgentAnswerKind.Refused, AnswerDetail = "connection refused" });

        var board = WayBoard.Of(facts, FaultTable.Judge(facts));

        Assert.Equal(8, board.Count);
        var red = Assert.Single(board, state => state.Health == StageHealth.Fault);
        Assert.Equal(WayStage.Socket, red.Stage);
        Assert.StartsWith("Nothing listens on", red.Sentence, StringComparison.Ordinal);
        Assert.Equal(StageHealth.Waiting, board[^1].Health); // No browser was asked.
    }

    [Theory]
    [InlineData("DD_API_KEY", "0123", "***")]
    [InlineData("HTTP_PROXY", "http://me:pass@proxy:3128", "http://***@proxy:3128")]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "x-token=abc", "***")]
    [InlineData("DD_SERVICE", "web", "web")]
    [InlineData("DB_DSN", "host=x password=hunter2 user=y", "host=x password=*** user=y")]
    public void Secrets_of_the_environment_are_stars(string name, string value, string shown) => Assert.Equal(shown, SecretText.MaskedValue(name, value));

    [Theory]
    [InlineData("curl -H 'Authorization: Bearer S3CRET' http://h", "curl -H 'Authorization: ***' http://h")]
    [InlineData("curl -H Authorization: Basic S3CRET", "curl -H Authorization: ***")]
    [InlineData("\\\"Authorization\\\": \\\"Bearer S3CRET\\\", x", "\\\"Authorization\\\": ***, x")]
    [InlineData("Cookie: a=S3CRET; b=S3CRET", "Cookie: ***")]
    [InlineData("Bearer S3CRET", "Bearer ***")]
    [InlineData("http://u:p@S3CRET@h/a", "http://***@h/a")]
    [InlineData("http://u:S3/CRET@h", "http://***@h")]
    [InlineData("\"password\": \"S3CRET two\", x", "\"password\": ***, x")]
    [InlineData("--token=\"S3CRET two\" x", "--token=*** x")]
    [InlineData("password='S3CRET two' x", "password=*** x")]
    [InlineData("app --db-password S3CRET --port 5", "app --db-password *** --port 5")]
    [InlineData("app --no-token --port 5", "app --no-token --port 5")]
    [InlineData("GET /k?token=S3CRET&page=2", "GET /k?token=***&page=2")]
    [InlineData("curl http://localhost:5050/k?sig=S3CRET", "curl http://localhost:5050/k?sig=***")]
    [InlineData("app -pS3CRET -p 8000", "app -p*** -p 8000")]
    [InlineData("app -p8000 -port=1 -profile", "app -p8000 -port=1 -profile")]
    [InlineData("mysql -uroot -p12345 shop", "mysql -uroot -p*** shop")]
    [InlineData("sshpass -p S3CRET ssh h", "sshpass -p *** ssh h")]
    [InlineData("redis-cli -h db -a S3CRET ping", "redis-cli -h db -a *** ping")]
    [InlineData("curl -u me:S3CRET http://h", "curl -u me:*** http://h")]
    [InlineData("DB_PASS=S3CRET x", "DB_PASS=*** x")]
    [InlineData("app --pass S3CRET", "app --pass ***")]
    [InlineData("python3 -u -m flask run -p 5050", "python3 -u -m flask run -p 5050")]
    public void Secrets_of_a_text_are_stars_and_stay_so(string text, string shown)
    {
        Assert.Equal(shown, SecretText.Masked(text));
        Assert.Equal(shown, SecretText.Masked(shown));
    }

    [Theory]
    [InlineData("key")]
    [InlineData("-key-")]
    [InlineData("://")]
    [InlineData("authorization:")]
    [InlineData("cookie:\"")]
    [InlineData("bearer ")]
    [InlineData(" -p")]
    [InlineData("-u a:")]
    [InlineData("redis-cli -a ")]
    public void A_text_made_to_be_slow_is_masked_in_time(string part)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();

        SecretText.Masked(string.Concat(Enumerable.Repeat(part, 262_144 / part.Length)));

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"It took {clock.Elapsed.TotalSeconds} s."); // Looking back it would be most of a minute.
    }

    [Fact]
    public void Names_of_variables_that_are_the_same_once_cut_are_told_once()
    {
        var facts = (Case.Launcher with { Variables = new Dictionary<string, string> { [new string('a', 600) + 1] = "x", [new string('a', 600) + 2] = "y" } }).Bounded();

        Assert.Equal("x", Assert.Single(facts.Variables).Value);
    }

    [Fact]
    public void No_text_of_a_launcher_is_shown_unmasked()
    {
        const string secret = "password=S3CRET";
        var facts = new LauncherFacts
        {
            Host = secret, ProcessId = 1, Command = secret, Kind = secret, Service = secret, Env = secret, AgentUrl = secret, AgentUrlSource = secret, AnswerDetail = secret,
            AnsweredBy = new PortHolder(1, secret, 0), OtherAgentUrl = secret, LastAgentWords = secret, Variables = new Dictionary<string, string> { [secret] = secret, ["DD_SERVICE"] = secret },
            Interpreter = secret, InterpreterVersion = secret, ImportProblem = secret, Wrapper = secret, WrapperInterpreter = secret, Processes = [new FamilyMember(1, 0, secret, [])],
        };

        Assert.DoesNotContain("S3CRET", System.Text.Json.JsonSerializer.Serialize(facts.Bounded()), StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_of_a_command_line_are_stars_and_a_huge_one_is_cut()
    {
        Assert.Equal("app --password *** --token=*** http://***@db/ x", SecretText.Command(["app", "--password", "hunter2", "--token=abc", "http://a:b@db/", "x"], 300));
        Assert.Equal(301, SecretText.Command(["python3", new string('x', 100_000)], LauncherFacts.MaxCommandChars).Length);
    }

    [Fact]
    public void Facts_from_a_socket_are_cut_and_masked_once_more()
    {
        var hostile = Case.Launcher with
        {
            Command = "curl http://a:b@c " + new string('y', 9_000),
            Variables = Enumerable.Range(0, 1_000).ToDictionary(i => $"TOKEN{i}", _ => "secret"),
            Processes = [.. Enumerable.Range(1, 1_000).Select(i => new FamilyMember(i, 0, new string('z', 5_000), [.. Enumerable.Range(1, 99)]))],
            ElapsedSeconds = double.NaN,
        };

        var kept = hostile.Bounded();

        Assert.Equal((LauncherFacts.MaxCommandChars + 1, LauncherFacts.MaxVariables, LauncherFacts.MaxProcesses, 0d), (kept.Command.Length, kept.Variables.Count, kept.Processes.Count, kept.ElapsedSeconds));
        Assert.DoesNotContain("a:b", kept.Command, StringComparison.Ordinal);
        Assert.All(kept.Variables.Values, value => Assert.Equal("***", value));
        Assert.All(kept.Processes, member => Assert.True(member.Ports.Count <= LauncherFacts.MaxPorts && member.Command.Length <= LauncherFacts.MaxCommandChars + 1));
    }
}

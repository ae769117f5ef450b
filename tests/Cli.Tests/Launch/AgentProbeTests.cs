using System.Net;
using System.Net.Sockets;
using System.Text;
using Apm.Cli.Launch;
using Apm.Core.Diagnosis;
using Apm.TestKit;

namespace Apm.Cli.Tests.Launch;

public class AgentProbeTests
{
    const string Info = """{"endpoints":["/v0.4/traces"]}""";

    /// <summary>As of an agent that has just started on a busy machine: the first question gets no answer in time.</summary>
    [Fact]
    public async Task A_busy_agent_is_asked_twice_before_an_app_starts()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerSecondOnly(listener);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        var answer = await AgentProbe.AskBeforeStart(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), http);

        Assert.Equal(AgentAnswerKind.Agent, answer.Kind);
        await serving;
    }

    [Fact]
    public async Task One_that_refuses_is_asked_once()
    {
        using var handler = new CountingHandler();
        using var http = new HttpClient(handler);
        Assert.Equal(AgentAnswerKind.Refused, (await AgentProbe.AskBeforeStart(new Uri("http://127.0.0.1:9"), http)).Kind);
        Assert.Equal(1, handler.Count);
    }

    [Fact]
    public async Task Where_none_answers_it_is_asked_again_however_many_look_and_less_often_after_a_while()
    {
        var clock = new SteppedClock(DateTimeOffset.UnixEpoch);
        using var handler = new CountingHandler();
        using var http = new HttpClient(handler);
        using var sight = new AgentSight(new Uri("http://127.0.0.1:9"), new AgentAnswer(AgentAnswerKind.Refused, "refused"), http, clock);

        Assert.Equal(0, await AsksIn(seconds: 1));
        Assert.Equal(149, await AsksIn(seconds: 298));
        Assert.Equal(2, await AsksIn(seconds: 60));

        handler.Answers = true;
        Assert.Equal(1, await AsksIn(seconds: 60));
        Assert.True(sight.Last.IsAgent);

        async Task<int> AsksIn(int seconds)
        {
            var before = handler.Count;
            for (var second = 0; second < seconds; second++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                await sight.Look(CancellationToken.None);
                await sight.Look(CancellationToken.None);
            }
            return handler.Count - before;
        }
    }

    static async Task AnswerSecondOnly(TcpListener listener)
    {
        using var first = await listener.AcceptTcpClientAsync(); // Held, and never answered.
        using var second = await listener.AcceptTcpClientAsync();
        var stream = second.GetStream();
        var buffer = new byte[4_096];
        _ = await stream.ReadAsync(buffer);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Info.Length}\r\nConnection: close\r\n\r\n{Info}"));
    }

    sealed class CountingHandler : HttpMessageHandler
    {
        public int Count { get; private set; }
        public bool Answers { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Count++;
            if (Answers) return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Info) });
            throw new HttpRequestException("refused", new SocketException((int)SocketError.ConnectionRefused));
        }
    }
}

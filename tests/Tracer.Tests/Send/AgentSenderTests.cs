using Apm.StartupHook.Send;
using Apm.StartupHook.Settings;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Send;

public sealed class AgentSenderTests
{
    [Fact]
    public async Task What_comes_while_a_payload_is_under_way_waits_for_the_next_round_and_goes_together()
    {
        await using var agent = await FakeAgent.Start();
        var drops = new DropCounter();
        using var queue = new SpanQueue(1024 * 1024, drops);
        using var sender = new AgentSender(new HookSettings { AgentUrl = agent.Url, FlushInterval = TimeSpan.FromMinutes(10) }, queue, drops, TimeProvider.System);
        var (payloads, rounds) = (0, 0);
        agent.Status = _ =>
        {
            if (++payloads != 1) return 200;
            Add(2);
            sender.Hurry(); // Or the next round would begin in ten minutes.
            return 200;
        };
        sender.BeforeRound = () =>
        {
            if (++rounds == 2) Add(3);
        };
        Add(1);
        sender.Start(() => { });

        var last = await agent.Wait(sent => sent.Requests.Count > 1 ? sent.Requests[1] : null, "the second payload");
        Assert.Equal("2", last.Headers["X-Datadog-Trace-Count"]);

        void Add(ulong trace) => queue.Add([(byte)trace], 0, trace, isLocalRoot: true);
    }
}

using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;
using Apm.Monitors.Notify;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>What the editor of monitors sends: its previews while one types, a test of what it says, and the monitor itself.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class MonitorForms
{
    /// <summary>Who made it, while there are no accounts.</summary>
    const string Creator = "apm@localhost";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/ui/fragment/monitor/check", Check);
        routes.MapPost("/ui/fragment/monitor/preview", Preview);
        routes.MapTextForm("/ui/monitors/save", Save, "Nothing was saved.");
        routes.MapTextForm("/ui/monitors/test", Test, "Nothing was sent.");
    }

    static RazorComponentResult<MonitorCheck> Check(IFormCollection sent, MonitorEditor editor, IServiceProvider services)
    {
        var form = MonitorForm.Read(name => sent[name]);
        if (MonitorEditor.FirstWanted(form) is { } wanted) return new(new { Sentence = wanted });
        var (query, errors, sentence) = (SignalQuery.Of(editor.Completed(form)).Trim(), new List<string>(), "");
        var lacksThreshold = editor.LacksOnlyThreshold(form);
        var bad = lacksThreshold ? null : editor.WrongIn(form);
        IReadOnlyList<string> warnings = [];
        if (lacksThreshold) sentence = "An alert threshold is missing; all else of the query can be read.";
        else if (bad is null)
        {
            try
            {
                var known = editor.Check(form);
                sentence = RuleSentence.Of(known.Rule, known.Query!);
                warnings = Warnings(known.Rule, services);
            }
            catch (MonitorRuleException wrong)
            {
                errors.AddRange(wrong.Errors);
            }
        }
        return new(new { Bad = bad is { } wrongQuery ? BadQuery.Of(wrongQuery.Query, wrongQuery.Error) : null, Query = query, Sentence = sentence, Errors = errors, Warnings = warnings });
    }

    /// <summary>What its name, the message and its receivers will not do.</summary>
    static IReadOnlyList<string> Warnings(MonitorRule rule, IServiceProvider services) =>
        MessageAdvice.Of(rule, ((IMonitorRules)services.GetRequiredService<MonitorRules>()).All(), services.GetService<DeliverySettings>());

    static RazorComponentResult<MonitorPreview> Preview(HttpContext context, IFormCollection sent, PageState state, MonitorEditor editor, AlertLinks links)
    {
        var form = MonitorForm.Read(name => sent[name]);
        if (MonitorEditor.FirstWanted(form) is not null) return new(new { Reason = "Say what is watched: then you see what it was in the last days, and what would have been told." });
        if (editor.LacksOnlyThreshold(form)) return new(new { Reason = "Give an alert threshold: then you see when it would have been crossed, and what would have been told." });
        if (editor.WrongIn(form) is not null) return new(new { Reason = "The query cannot be read yet." });
        try
        {
            var known = editor.Check(form);
            var replay = editor.Replay(known, context.RequestAborted);
            var view = MonitorPreviewView.Of(state, known, replay, editor.DataSeconds(known, context.RequestAborted), links, HostsOf(context));
            return new(new { View = view, replay.ToldCount });
        }
        catch (MonitorRuleException wrong)
        {
            return new(new { Reason = wrong.Message });
        }
        catch (StoreUnavailableException problem)
        {
            return new(new { Reason = problem.Message });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return new(new { Reason = "Something else was typed meanwhile." });
        }
    }

    static Task Save(HttpContext context, IFormCollection sent, MonitorEditor editor) =>
        MonitorActions.Answer(context, () => $"/monitors/{editor.Save(MonitorForm.Read(name => sent[name]), Creator)}");

    /// <summary>Sends a notice of the rule that is typed, as if it had happened, marked as a test.</summary>
    static async Task Test(HttpContext context, IFormCollection sent, MonitorEditor editor, IAlertTeller teller, AlertLinks links, PageState state)
    {
        var form = MonitorForm.Read(name => sent[name]);
        try
        {
            var known = editor.Check(form);
            var kind = Enum.TryParse<AlertKind>(sent["test_kind"], out var asked) ? asked : AlertKind.Triggered;
            var example = ExampleTelling.Of(known, kind, editor.Replay(known, context.RequestAborted), state.NowUnixNanos / UnixTime.NanosPerSecond).Transition with { IsTest = true };
            example = example with { Id = $"test/{known.Rule.Id}/{kind}/{state.NowUnixNanos}" };
            teller.Tell(example);
            var to = new NoticeText(example, links, HostsOf(context)).Mentioned().Where(mention => mention.Kind != MentionKind.Other).Select(mention => mention.Target).ToList();
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(to.Count == 0 ? "Nobody is told of this state; the stream of events has it." : $"On its way to {string.Join(", ", to)}; the outbox tells what became of it.", context.RequestAborted);
        }
        catch (MonitorRuleException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, string.Join(' ', wrong.Errors));
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, "Nothing was sent: " + problem.Message);
        }
    }

    static Func<string, HostInfo?> HostsOf(HttpContext context) => context.RequestServices.GetService<HostCatalogue>() is { } hosts ? hosts.Find : _ => null;
}

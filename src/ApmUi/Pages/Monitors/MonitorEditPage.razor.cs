using System.Globalization;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>Makes a monitor, or changes one. Its state is the form; the address may fill it: <c>q</c>, <c>type</c>, <c>service</c>, <c>resource</c>, <c>copy</c>.</summary>
public partial class MonitorEditPage
{
    static readonly (string Method, string Name)[] Methods =
        [("count", "how many spans"), ("pc95", "95th percentile"), ("pc99", "99th percentile"), ("median", "median"), ("avg", "average"), ("max", "highest"), ("min", "lowest"), ("sum", "sum"), ("cardinality", "different values")];

    static readonly (string How, string Name)[] Hows = [("avg", "average"), ("max", "highest value"), ("min", "lowest value"), ("sum", "sum"), ("percentile", "percentile of the query")];

    static readonly (string Missing, string Name)[] Missings =
        [("keep", "keep the state"), ("notify", "tell after some minutes"), ("show_no_data", "show No Data"), ("show_and_notify_no_data", "show and tell No Data"), ("resolve", "take it as resolved"), ("default", "as the kind has it")];

    const string MessageHint = "{{#is_alert}}Orders fail: {{value}} of 100.{{/is_alert}}\n{{#is_recovery}}It works again.{{/is_recovery}}";

    [Parameter] public long? Id { get; set; }
    [Inject] MonitorEditor Editor { get; set; } = null!;
    [Inject] IMonitorRules Rules { get; set; } = null!;
    [CascadingParameter] public HttpContext? Context { get; set; }

    MonitorForm? Form;
    (IReadOnlyList<string> Services, IReadOnlyList<string> Metrics) Offered = ([], []);

    IEnumerable<(string Id, string Name)> Monitors => Rules.All().Where(rule => rule.Type != Apm.Monitors.Queries.MonitorTypes.Composite && rule.Id != Id).Take(MonitorEditor.MaxOffered).Select(rule => (rule.Id.ToString(CultureInfo.InvariantCulture), rule.Name));

    bool HasMore => Form is { } form && (form.DelaySeconds + form.GroupDelaySeconds + form.RepeatMinutes + form.Escalation).Length > 0 || Form?.NeedsFullWindow == true;

    protected override void OnInitialized()
    {
        Form = Editor.Begin(Id, State.Url);
        if (Form is null) Links.Answers.NotFound(Context);
        else Offered = Editor.Offered();
    }
}

using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Diagnosis;
using Apm.Query.Fates;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Doctor;

/// <summary>What is wrong, and where on a span's way.</summary>
public partial class DoctorPage
{
    [Inject] IServiceProvider Services { get; set; } = null!;
    [CascadingParameter] public Microsoft.AspNetCore.Http.HttpContext? Context { get; set; }

    /// <summary>Null when the host has no doctor.</summary>
    DoctorView? View;

    /// <summary>What came in last, the newest first.</summary>
    IReadOnlyList<Arrival> Arrivals = [];

    /// <summary>The test trace that the address names; null for none.</summary>
    TestTrace? Test;
    bool TestIsFound;
    IReadOnlyList<(string Name, string Words, string Kind)> TestSteps = [];

    /// <summary>What came of the request that was sent for the viewer; null when none was.</summary>
    string? Sent => State.Url["sent"] is { } path && int.TryParse(State.Url["status"], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
        ? $"GET {path} answered {status}. Its trace appears within two seconds."
        : null;

    protected override void OnInitialized()
    {
        if (Services.GetService<IDoctor>() is not { } doctor) return;
        View = DoctorView.Of(doctor.Report(), State.BrowserSkewNanos, doctor.Judge(new ScreenFacts { Noun = "verdicts", FoundCount = 1, BrowserSkewNanos = State.BrowserSkewNanos }));
        Arrivals = doctor.Arrivals();
        if (State.Url["test"] is { } id && doctor.TestOf(id) is { } test) FollowTest(test);
    }

    void FollowTest(TestTrace test)
    {
        Test = test;
        var isTaken = test.Status is >= 200 and < 300;
        var fate = isTaken ? Services.GetService<TraceFates>()?.Find(test.TraceId, Context?.RequestAborted ?? default) : null;
        TestIsFound = fate?.StoredSpanCount > 0;
        TestSteps =
        [
            ("Socket", test.Status > 0 ? $"answered {test.Status} in {test.ElapsedMilliseconds.ToString("0", CultureInfo.InvariantCulture)} ms" : test.Answer, test.Status > 0 ? "ok" : "error"),
            ("Receiver", isTaken ? "1 span taken" : test.Answer, isTaken ? "ok" : test.Status > 0 ? "error" : "none"),
            ("Sampler and store", TestIsFound ? "kept" : isTaken ? fate is { } known ? known.State : "not asked" : "not reached", TestIsFound ? "ok" : "none"),
            ("Query", TestIsFound ? $"found by its id" : "not found yet", TestIsFound ? "ok" : "none"),
            ("Browser", TestIsFound ? "shown on this page" : "", TestIsFound ? "ok" : "none"),
        ];
    }
}

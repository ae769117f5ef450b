using System.Net.Http.Json;
using System.Text.Json;
using Apm.Core.Diagnosis;

namespace Apm.Cli.Launch;

/// <summary>What the agent makes of a launcher's facts together with its own.</summary>
/// <param name="TracesFlow">Its spans come in and can be found.</param>
/// <param name="AnnouncedCount">Processes of the app that told of themselves.</param>
public sealed record DoctorAnswer(bool TracesFlow, int AnnouncedCount, Verdict? Verdict, IReadOnlyList<StageState> Stages);

/// <summary>Speaks to <c>/api/doctor</c> of a running Apm.</summary>
public static class DoctorClient
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Tells the facts; null when no Apm answers, or one that does not know them.</summary>
    public static async Task<DoctorAnswer?> Tell(Uri ui, LauncherFacts facts, HttpClient http, CancellationToken cancel)
    {
        try
        {
            using var answer = await http.PostAsJsonAsync(new Uri(ui, "/api/doctor/facts"), facts, Json, cancel);
            if (!answer.IsSuccessStatusCode) return null;
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancel));
            var root = body.RootElement;
            return new DoctorAnswer(root.GetProperty("traces_flow").GetBoolean(), root.GetProperty("announced").GetInt32(), VerdictOf(root.GetProperty("verdict")), StagesOf(root));
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException || (problem is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The stations in an answer.</summary>
    public static IReadOnlyList<StageState> StagesOf(JsonElement one) =>
        [.. one.GetProperty("stages").EnumerateArray().Select(stage => new StageState(Enum.Parse<WayStage>(stage.GetProperty("stage").GetString()!), Enum.Parse<StageHealth>(stage.GetProperty("health").GetString()!), stage.GetProperty("count").GetString()!, stage.GetProperty("sentence").GetString()!))];

    /// <summary>A verdict in an answer; null when it is none.</summary>
    public static Verdict? VerdictOf(JsonElement verdict) => verdict.ValueKind != JsonValueKind.Object ? null : new Verdict
    {
        Code = verdict.GetProperty("code").GetString()!,
        Sentence = verdict.GetProperty("sentence").GetString()!,
        Stage = Enum.Parse<WayStage>(verdict.GetProperty("stage").GetString()!),
        Evidence = [.. verdict.GetProperty("evidence").EnumerateArray().Select(line => line.GetString()!)],
        Fix = verdict.GetProperty("fix").GetString()!,
        ThereUrl = verdict.GetProperty("there").GetString()!,
    };
}

using Apm.Core.Ports;

namespace Apm.Storage.Log;

/// <summary>Limits of the payload log.</summary>
public sealed record PayloadLogSettings
{
    /// <summary>Size at which a new segment is begun; default 64 MiB. A segment is reserved whole and deleted whole.</summary>
    public int SegmentBytes { get; init; } = 67_108_864;

    /// <summary>
    /// Most bytes of all segments; default 2 GiB. More means that the pipeline is that far behind: appends are refused and
    /// counted in <c>log_appends_refused{reason="log_full"}</c>.
    /// </summary>
    public long MaxBytes { get; init; } = 2_147_483_648;

    /// <summary>Most bytes that wait to be written; default 128 MiB. More are refused and counted under <c>queue_full</c>.</summary>
    public long MaxQueuedBytes { get; init; } = 134_217_728;

    /// <summary>Most bytes flushed together; default 8 MiB. Larger groups make everyone wait longer and gain nothing.</summary>
    public int MaxGroupBytes { get; init; } = 8_388_608;

    /// <summary>Largest record; default 32 MiB.</summary>
    public int MaxRecordBytes { get; init; } = 33_554_432;

    /// <summary>Told what a person should know, such as a damaged segment. Default: nobody.</summary>
    public Action<string> OnMessage { get; init; } = static _ => { };

    /// <summary>
    /// Numbers begin after this, also when the folder is empty: the newest record that the stores cover. Without it, a log
    /// folder that was lost would begin at 1 again, and the stores would take new records for old ones.
    /// </summary>
    public LogPosition NumbersAfter { get; init; }
}

namespace Apm.Storage.LiteDb;

/// <summary>Limits of one LiteDB file.</summary>
public sealed record LiteDatabaseSettings
{
    /// <summary>Log pages of 8 KiB that are carried over into the data file together; default 1000 (8 MB).</summary>
    public int MaxLogPages { get; init; } = 1_000;

    /// <summary>Most changes in one write; default 1024. LiteDB gets slow and fat beyond; split larger ones.</summary>
    public int MaxChangesPerWrite { get; init; } = 1_024;

    /// <summary>Largest document, as BSON; default 4 MiB (LiteDB's own limit is 16).</summary>
    public int MaxDocumentBytes { get; init; } = 4_194_304;

    /// <summary>A call that takes longer is counted in <c>database_calls_slow</c> and told to <see cref="OnSlowCall"/>; default 2 s.</summary>
    public TimeSpan SlowCall { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a call waits for the one before it; then it is refused as unavailable. Default 10 s.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a commit waits for LiteDB's own writer thread; then it has failed. Default 10 s.</summary>
    public TimeSpan MaxWriterWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Documents read in bulk and written until the file is closed and opened again, so that LiteDB lets go of its pages; default 500.</summary>
    public int MaxSessionDocuments { get; init; } = 500;

    /// <summary>
    /// Told once per slow call, while it still runs, with a sentence for the log; on a timer's thread. Default: nobody.
    /// </summary>
    public Action<string> OnSlowCall { get; init; } = static _ => { };

    /// <summary>Told in one sentence what was found damaged and what that means. Default: nobody.</summary>
    public Action<string> OnTrouble { get; init; } = static _ => { };
}

/// <summary>A collection that is made when the file is opened.</summary>
/// <param name="Name">Letters, digits, underscore.</param>
/// <param name="IndexedFields">Fields that <see cref="LiteDatabaseFile.FindBetween"/> is asked by; <c>_id</c> is always indexed.</param>
public sealed record LiteCollectionShape(string Name, params IReadOnlyList<string> IndexedFields);

using System.Globalization;
using System.Text.Json;

namespace Apm.Cli.Launch;

/// <summary>
/// What an agent writes down about itself, by its port, so that a launcher that finds nobody there can say when it last ran and how that
/// ended. A small file of the user's own, outside of the data folder, which a launcher does not know.
/// </summary>
/// <param name="folder">Where the files lie; need not be there.</param>
public sealed class AgentTrail(string folder)
{
    /// <summary>The user's own.</summary>
    public static AgentTrail Usual { get; } = new(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "apm"));

    /// <summary>An agent has run on this machine, or in this container, whatever its port.</summary>
    public bool HasAny
    {
        get
        {
            try
            {
                return Directory.EnumerateFiles(folder, "agent-*.json").Any();
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>Notes that an agent runs.</summary>
    public void Began(int port, string dataFolder, TimeProvider clock) => Write(new Entry(port, Environment.ProcessId, dataFolder, clock.GetUtcNow(), null, ""));

    /// <summary>Notes that it ended.</summary>
    /// <param name="words">Why, as a sentence; "" when it was told to.</param>
    public void Ended(int port, string dataFolder, string words, TimeProvider clock) =>
        Write(new Entry(port, Environment.ProcessId, dataFolder, Read(port)?.BeganAt ?? clock.GetUtcNow(), clock.GetUtcNow(), words.ReplaceLineEndings(" ")));

    /// <summary>How the last agent on a port ended, in a sentence; "" when none is known.</summary>
    public string LastWords(int port)
    {
        if (Read(port) is not { } entry) return "";
        if (entry.EndedAt is not { } ended) return $"It was started at {Text(entry.BeganAt)} (data {entry.DataFolder}) and did not say good-bye.";
        return entry.Words.Length > 0 ? $"It last ended at {Text(ended)}: {entry.Words}" : $"It was last stopped at {Text(ended)} (data {entry.DataFolder}).";
    }

    static string Text(DateTimeOffset at) => at.ToLocalTime().ToString("d MMM HH:mm", CultureInfo.InvariantCulture);

    Entry? Read(int port)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(File.ReadAllText(FileOf(port)));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    void Write(Entry entry)
    {
        if (entry.Port == 0) return; // The system chooses another each time: nobody would look for this one.
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(FileOf(entry.Port), JsonSerializer.Serialize(entry));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // No home folder, or a read-only one: then nobody can say how it ended.
        }
    }

    string FileOf(int port) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"agent-{port}.json"));

    sealed record Entry(int Port, int ProcessId, string DataFolder, DateTimeOffset BeganAt, DateTimeOffset? EndedAt, string Words);
}

namespace Apm.Endurance.Running;

/// <summary>Facts of this machine, for the head of a result.</summary>
public static class Machine
{
    /// <summary>One line: processor, cores, memory, system, and how busy it is.</summary>
    public static string Facts()
    {
        var processor = File.Exists("/proc/cpuinfo") ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() : null;
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1L << 30);
        var load = File.Exists("/proc/loadavg") ? ", load " + File.ReadAllText("/proc/loadavg").Split(' ')[0] : "";
        return $"{Environment.ProcessorCount} cores{(processor is null ? "" : $" ({processor})")}, {memory} GiB, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}, .NET {Environment.Version}{load}";
    }

    /// <summary>Bytes of all files below a folder; files that go meanwhile count nothing.</summary>
    public static long BytesOf(string folder)
    {
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Dropped by retention a moment ago.
            }
        }
        return bytes;
    }
}

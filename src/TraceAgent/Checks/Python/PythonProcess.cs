using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Apm.Core.Counting;
using Apm.Core.Time;

namespace Apm.TraceAgent.Checks.Python;

/// <summary>
/// The process that runs the Python checks of one name: started when one is to run, ended with all that it started when a run takes too
/// long, takes too much memory, starts too many processes or answers what is no answer; the next run starts it anew.
/// </summary>
/// <remarks>Thread-safe; runs wait for each other.</remarks>
sealed class PythonProcess(string check, string file, PythonSettings settings, TimeProvider clock, Counters counters) : IAsyncDisposable
{
    /// <summary>Longest line that a check's process may answer; a longer one ends it.</summary>
    public const int MaxLineBytes = 1_048_576;

    /// <summary>How much of what a check prints is kept, the last of it.</summary>
    public const int MaxPrintedBytes = 8_192;

    /// <summary>All processes of a check together may take this much more than one alone: the interpreter itself, and pages that they share.</summary>
    const double GroupShare = 1.25;

    static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    readonly SemaphoreSlim _turn = new(1, 1);
    readonly Queue<byte> _printed = new();
    Process? _process;
    BoundedLines? _answers;
    string _stoppedBecause = "";
    int _startCount;

    /// <summary>Where our own Python program lies beside the build.</summary>
    public static string HostProgram => Path.Combine(AppContext.BaseDirectory, "python-checks", "apm_check_host.py");

    /// <summary>The last lines that the check printed; empty when it printed nothing.</summary>
    public IReadOnlyList<string> Printed
    {
        get { lock (_printed) return _printed.Count == 0 ? [] : Encoding.UTF8.GetString([.. _printed]).TrimEnd('\n').Split('\n'); }
    }

    /// <summary>Runs one instance once.</summary>
    /// <param name="order">One line of JSON, as <c>apm_check_host.py</c> takes it.</param>
    /// <param name="told">Called with the check's version.</param>
    /// <exception cref="CheckFailedException">The run failed; says why in one sentence.</exception>
    public async Task RunAsync(string order, ICheckOutput output, Action<string> told, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            var process = Started();
            _stoppedBecause = "";
            using var ended = new CancellationTokenSource();
            var watch = Watch(process, ended.Token);
            try
            {
                await Converse(process, order, output, told, cancel);
            }
            finally
            {
                await ended.CancelAsync();
                await watch;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not { } process) return;
        try
        {
            process.StandardInput.Close(); // Then it ends itself and all that checks started.
            using var patience = new CancellationTokenSource(EndPatience);
            await process.WaitForExitAsync(patience.Token);
        }
        catch (Exception problem) when (problem is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It ended before, or does not listen.
        }
        End();
    }

    async Task Converse(Process process, string order, ICheckOutput output, Action<string> told, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(order.AsMemory(), cancel);
            await process.StandardInput.FlushAsync(cancel);
            while (await NextAnswer(cancel) is { } line)
            {
                if (PythonAnswer.Read(line, output, clock.NowUnixNanos() / UnixTime.NanosPerSecond) is not { } end) continue;
                if (!end.IsEnd) told(end.Version);
                else if (end.Failure is null) return;
                else throw new CheckFailedException(SentenceOf(end)) { Traceback = end.Traceback };
            }
            throw await Died(process);
        }
        catch (OperationCanceledException)
        {
            End();
            throw;
        }
        catch (IOException)
        {
            throw await Died(process);
        }
        catch (InvalidDataException problem)
        {
            End();
            throw new CheckFailedException($"The process of {check} answered what is no answer ({problem.Message.TrimEnd('.')}); it was stopped and is started anew for the next run.");
        }
    }

    /// <summary>The next line, or null at the end. A process that forked out of our reach may hold the pipe open, so that cancelling must not wait for it.</summary>
    async ValueTask<string?> NextAnswer(CancellationToken cancel)
    {
        var next = _answers!.ReadAsync(CancellationToken.None);
        return next.IsCompletedSuccessfully ? next.Result : await next.AsTask().WaitAsync(cancel);
    }

    string SentenceOf(PythonEnd end)
    {
        if (end.File.Length == 0) return $"{check}: {end.Failure}.";
        var place = end.File == file ? Path.GetFileName(file) : end.File;
        return FormattableString.Invariant($"{place} fails in line {end.Line}: {end.Failure}");
    }

    async Task<CheckFailedException> Died(Process process)
    {
        var code = 0;
        try
        {
            using var patience = new CancellationTokenSource(EndPatience);
            await process.WaitForExitAsync(patience.Token);
            code = process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // It closed its answers and goes on.
        }
        var because = _stoppedBecause;
        End();
        if (because.Length > 0) return new CheckFailedException(because) { Traceback = Printed };
        var how = code > 128 ? FormattableString.Invariant($"signal {code - 128}{SignalName(code - 128)}") : FormattableString.Invariant($"exit code {code}");
        return new CheckFailedException($"The process of {check} ended in the middle of a run ({how}); it is started anew for the next one.") { Traceback = Printed };
    }

    static string SignalName(int signal) => signal switch
    {
        6 => ", SIGABRT",
        7 => ", SIGBUS",
        8 => ", SIGFPE",
        9 => ", SIGKILL: somebody, or the system when memory ran out",
        11 => ", SIGSEGV",
        15 => ", SIGTERM",
        _ => "",
    };

    Process Started()
    {
        if (_process is { HasExited: false } running) return running;
        End();
        var start = new ProcessStartInfo(settings.Interpreter) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(HostProgram);
        start.ArgumentList.Add(JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["max_bytes"] = settings.MaxBytes,
            ["folders"] = settings.Folders,
            ["hostname"] = settings.Host,
            ["version"] = settings.Version,
            ["tags"] = settings.HostTags,
            ["cache_folder"] = settings.CacheFolder,
        }));
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1"; // Nothing is written into the user's folders.
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Exception problem) when (problem is Win32Exception or IOException)
        {
            throw new CheckFailedException($"{settings.Interpreter} cannot be started ({problem.Message}), and {check} is written in Python. Install Python 3.6 or newer, or name it with checks.python.", problem);
        }
        _answers = new BoundedLines(_process.StandardOutput.BaseStream, MaxLineBytes);
        _ = CollectPrinted(_process.StandardError.BaseStream);
        if (_startCount++ > 0) counters.Add("check_process_restarts", service: check);
        return _process;
    }

    /// <summary>Ends the process and all that it started. Nothing to do when it has ended, but for what it left behind.</summary>
    void End()
    {
        if (_process is not { } process) return;
        ProcessGroup.Kill(process.Id);
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception problem) when (problem is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            // It has ended.
        }
        process.Dispose();
        _process = null;
        _answers = null;
    }

    /// <summary>Looks, while a run goes on, at what the process and all that it started take.</summary>
    async Task Watch(Process process, CancellationToken ended)
    {
        var groupId = process.Id;
        using var timer = new PeriodicTimer(WatchPeriod, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                var (processes, bytes) = ProcessGroup.Measure(groupId);
                if (processes > settings.MaxProcesses) _stoppedBecause = $"{check} had {processes} processes at once; {settings.MaxProcesses} are allowed. They were stopped.";
                else if (bytes > settings.MaxBytes * GroupShare) _stoppedBecause = $"{check} took {bytes / 1_048_576} MiB of memory; {settings.MaxBytes / 1_048_576} MiB are allowed (checks.max_python_bytes). It was stopped.";
                else continue;
                ProcessGroup.Kill(groupId);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }

    async Task CollectPrinted(Stream errors)
    {
        var buffer = new byte[4_096];
        try
        {
            while (await errors.ReadAsync(buffer) is > 0 and var count)
                lock (_printed)
                {
                    for (var i = 0; i < count; i++) _printed.Enqueue(buffer[i]);
                    while (_printed.Count > MaxPrintedBytes) _printed.Dequeue();
                }
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // The process is gone.
        }
    }
}

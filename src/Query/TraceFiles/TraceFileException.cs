namespace Apm.Query.TraceFiles;

/// <summary>A file is no trace that can be read; the message says where, what, and what to do.</summary>
public sealed class TraceFileException(string message, Exception? inner = null) : Exception(message, inner);

using System.Collections.Concurrent;
using System.Reflection;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Reads one property of a diagnostic event's payload, whose type is internal to the framework. Reflection once per
/// payload type, then a delegate.
/// </summary>
internal sealed class PayloadReader<TValue>(string property)
    where TValue : class
{
    readonly ConcurrentDictionary<Type, Func<object, TValue?>> _readers = new();

    /// <summary>The property's value; null when the payload has no such property.</summary>
    public TValue? Read(object? payload) => payload is null ? null : _readers.GetOrAdd(payload.GetType(), Make, property)(payload);

    static Func<object, TValue?> Make(Type type, string property)
    {
        var info = type.GetProperty(property, BindingFlags.Public | BindingFlags.Instance);
        if (info?.GetMethod is null || type.IsValueType || info.PropertyType.IsValueType) return static _ => null;
        var typed = typeof(Typed<,>).MakeGenericType(typeof(TValue), type, info.PropertyType);
        return ((ITyped)Activator.CreateInstance(typed, info.GetMethod)!).Read;
    }

    interface ITyped
    {
        TValue? Read(object payload);
    }

    sealed class Typed<TPayload, TProperty>(MethodInfo getter) : ITyped
        where TPayload : class
        where TProperty : class
    {
        readonly Func<TPayload, TProperty?> _get = getter.CreateDelegate<Func<TPayload, TProperty?>>();

        public TValue? Read(object payload) => _get((TPayload)payload) as TValue;
    }
}

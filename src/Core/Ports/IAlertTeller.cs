using Apm.Core.Monitors;

namespace Apm.Core.Ports;

/// <summary>Tells people what monitors found: writes the event, renders the message, has it delivered.</summary>
public interface IAlertTeller
{
    /// <summary>Takes a transition over. When it returns, the event and what is to be delivered are durable, and the same id again does nothing. Any thread.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was taken; offer it again.</exception>
    void Tell(AlertTransition transition);
}

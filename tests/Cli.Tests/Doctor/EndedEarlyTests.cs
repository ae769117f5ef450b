using Apm.Cli.Commands;
using Apm.Core.Diagnosis;

namespace Apm.Cli.Tests.Doctor;

public class EndedEarlyTests
{
    [Theory]
    [InlineData(0, "The command ended by itself before any span of it came. Give one that stays, such as a server, or one that does some traced work.")]
    [InlineData(1, "The command failed with exit code 1 before any span of it came. Its own words stand above: what they name has to be mended first.")]
    public void A_command_that_fails_is_not_asked_to_stay(int exitCode, string sentence) => Assert.Equal(sentence, DoctorCommand.EndedEarly(exitCode).Sentence);

    [Fact]
    public void What_was_ended_from_here_is_no_failure_of_the_app()
    {
        Assert.Equal("The app was ended before anything could be said of it. Let it run for the ten seconds, and send it a request meanwhile.", DoctorCommand.EndedByUs().Sentence);
        Assert.Equal("The app ran, and the agent at http://localhost:8126 takes its spans; it is not Apm, so look at its own screens, or start ./apm up on another port and point the app there.",
            DoctorCommand.AnotherAgent(new LauncherFacts { Host = "here", ProcessId = 1, AgentUrl = "http://localhost:8126" }).Sentence);
    }
}

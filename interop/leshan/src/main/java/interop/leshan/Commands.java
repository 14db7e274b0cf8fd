package interop.leshan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.leshan.core.model.LwM2mModel;

/** All commands by name. Each input line gets exactly one answer, which repeats its {@code id}. */
final class Commands {
    private final Map<String, Command> commands = new HashMap<>();
    private final Output output;

    Commands(ManagementServer management, BootstrapServer bootstrap, LwM2mModel model, Output output) {
        this.output = output;
        new SecurityCommands(management, bootstrap).addTo(commands);
        new BootstrapCommands(bootstrap).addTo(commands);
        new RegistrationCommands(management).addTo(commands);
        Device device = new Device(management);
        new DeviceCommands(device, new NodeReader(model)).addTo(commands);
        new ObserveCommands(device, management).addTo(commands);
        commands.put("raw", new RawCommand(device, management));
        commands.put("quit", (command, answer) -> Runtime.getRuntime().halt(0));
    }

    void run(String line) {
        ObjectNode answer = Output.JSON.createObjectNode();
        try {
            JsonNode command = Output.JSON.readTree(line);
            answer.set("id", command.get("id"));
            Command known = commands.get(Command.text(command, "cmd"));
            if (known == null) {
                throw new BadCommand("unknown command " + command.get("cmd"));
            }
            known.run(command, answer);
        } catch (BadCommand e) {
            answer.put("error", e.getMessage());
        } catch (JsonProcessingException e) {
            answer.put("error", "not JSON: " + e.getOriginalMessage());
        } catch (Exception e) {
            // Leshan's own refusals and failures: an undecodable payload, a timeout, a rejected request.
            answer.put("error", e.getClass().getSimpleName() + ": " + e.getMessage());
        }
        output.line(answer);
    }
}

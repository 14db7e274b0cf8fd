package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.server.security.EditableSecurityStore;
import org.eclipse.leshan.server.security.SecurityInfo;

/** {@code set_psk} and {@code remove_psk}: the pre-shared keys of either server. */
final class SecurityCommands {
    private final ManagementServer management;
    private final BootstrapServer bootstrap;

    SecurityCommands(ManagementServer management, BootstrapServer bootstrap) {
        this.management = management;
        this.bootstrap = bootstrap;
    }

    void addTo(Map<String, Command> commands) {
        commands.put("set_psk", this::setPsk);
        commands.put("remove_psk", this::removePsk);
    }

    /** The identity passes to this endpoint if another one has it. */
    private void setPsk(JsonNode command, ObjectNode answer) throws Exception {
        EditableSecurityStore store = store(command);
        String identity = Command.text(command, "identity");
        byte[] key = Hex.decodeHex(Command.text(command, "key").toCharArray());
        SecurityInfo known = store.getByIdentity(identity);
        if (known != null) {
            store.remove(known.getEndpoint(), true);
        }
        store.add(SecurityInfo.newPreSharedKeyInfo(Command.text(command, "endpoint"), identity, key));
    }

    private void removePsk(JsonNode command, ObjectNode answer) throws BadCommand {
        SecurityInfo removed = store(command).remove(Command.text(command, "endpoint"), true);
        answer.put("removed", removed != null);
    }

    private EditableSecurityStore store(JsonNode command) throws BadCommand {
        return switch (command.path("server").asText("management")) {
            case "management" -> management.security;
            case "bootstrap" -> bootstrap.security;
            default -> throw new BadCommand("server is management or bootstrap");
        };
    }
}

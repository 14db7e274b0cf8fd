package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig.ServerConfig;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig.ServerSecurity;

/** {@code set_bootstrap} and {@code remove_bootstrap}: what the bootstrap server writes to an endpoint. */
final class BootstrapCommands {
    private final BootstrapServer bootstrap;

    BootstrapCommands(BootstrapServer bootstrap) {
        this.bootstrap = bootstrap;
    }

    void addTo(Map<String, Command> commands) {
        commands.put("set_bootstrap", this::set);
        commands.put("remove_bootstrap", this::remove);
    }

    private void set(JsonNode command, ObjectNode answer) throws Exception {
        BootstrapConfig config = new BootstrapConfig();
        config.autoIdForSecurityObject = command.path("auto_id").asBoolean(false);
        config.contentFormat = Formats.read(command.path("format"));
        for (JsonNode path : command.path("delete")) {
            config.toDelete.add(path.asText());
        }
        int index = 0;
        for (JsonNode server : command.path("servers")) {
            int securityInstance = server.path("security_instance").asInt(index);
            int serverInstance = server.path("server_instance").asInt(index);
            config.security.put(securityInstance, security(server));
            config.servers.put(serverInstance, server(server));
            index += 1;
        }
        bootstrap.configs.add(Command.text(command, "endpoint"), config);
    }

    private void remove(JsonNode command, ObjectNode answer) throws BadCommand {
        answer.put("removed", bootstrap.configs.remove(Command.text(command, "endpoint")) != null);
    }

    private static ServerSecurity security(JsonNode server) throws BadCommand {
        ServerSecurity security = new ServerSecurity();
        security.uri = Command.text(server, "uri");
        security.serverId = server.path("short_id").asInt();
        security.securityMode = SecurityMode.NO_SEC;
        if (server.has("identity")) {
            security.securityMode = SecurityMode.PSK;
            security.publicKeyOrId = Command.text(server, "identity").getBytes(StandardCharsets.UTF_8);
            security.secretKey = Hex.decodeHex(Command.text(server, "key").toCharArray());
        }
        return security;
    }

    private static ServerConfig server(JsonNode server) {
        ServerConfig config = new ServerConfig();
        config.shortId = server.path("short_id").asInt();
        config.lifetime = server.path("lifetime").asInt();
        config.binding = EnumSet.of(BindingMode.U);
        return config;
    }
}

package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import org.eclipse.leshan.core.request.DownlinkRequest;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.server.registration.Registration;

/** The registered device that a command names, and requests to it. */
final class Device {
    private static final long DEFAULT_TIMEOUT_MS = 5_000;

    private final ManagementServer management;

    Device(ManagementServer management) {
        this.management = management;
    }

    Registration registration(JsonNode command) throws BadCommand {
        String endpoint = Command.text(command, "endpoint");
        Registration registration = management.leshan.getRegistrationService().getByEndpoint(endpoint);
        if (registration == null) {
            throw new BadCommand("not registered: " + endpoint);
        }
        return registration;
    }

    static long timeout(JsonNode command) {
        return command.path("timeout_ms").asLong(DEFAULT_TIMEOUT_MS);
    }

    /** Sends and waits {@code timeout_ms}; Leshan throws for an answer that it cannot decode. */
    <T extends LwM2mResponse> T send(JsonNode command, DownlinkRequest<T> request)
            throws BadCommand, InterruptedException {
        long timeout = timeout(command);
        T response = management.leshan.send(registration(command), request, timeout);
        if (response == null) {
            throw new BadCommand("no answer within " + timeout + " ms");
        }
        return response;
    }
}

package interop.leshan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.server.registration.Registration;

/**
 * {@code raw}: a CoAP request below Leshan's checks, for what a server should not send. Only for a device that
 * registered over coap: the secure context of a session is not looked up.
 */
final class RawCommand implements Command {
    private final Device device;
    private final ManagementServer management;

    RawCommand(Device device, ManagementServer management) {
        this.device = device;
        this.management = management;
    }

    @Override
    public void run(JsonNode command, ObjectNode answer) throws Exception {
        Registration registration = device.registration(command);
        Request request = new Request(Code.valueOf(Command.text(command, "method")));
        request.setDestinationContext(new AddressEndpointContext(registration.getSocketAddress()));
        request.getOptions().setUriPath(Command.text(command, "path"));
        if (command.has("query")) {
            request.getOptions().setUriQuery(command.get("query").asText());
        }
        if (command.has("format")) {
            request.getOptions().setContentFormat(command.get("format").asInt());
        }
        if (command.has("accept")) {
            request.getOptions().setAccept(command.get("accept").asInt());
        }
        request.setPayload(Hex.decodeHex(command.path("payload").asText("").toCharArray()));
        management.coapEndpoint(registration).sendRequest(request);
        Response response = request.waitForResponse(Device.timeout(command));
        if (response == null) {
            request.cancel();
            throw new BadCommand("no answer within " + Device.timeout(command) + " ms");
        }
        answer.put("code", response.getCode().text);
        Answers.message(response, answer);
    }
}

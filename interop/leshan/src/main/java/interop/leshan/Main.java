package interop.leshan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.eclipse.leshan.core.LwM2m;
import org.eclipse.leshan.core.model.LwM2mModel;

/**
 * A LwM2M management and bootstrap server on loopback, driven by JSON lines: commands on stdin, answers and events
 * on stdout. The process ends with its stdin, so it cannot outlive whoever started it.
 */
public final class Main {
    private Main() {}

    /** Starts both servers, prints the {@code ready} event with their URIs, then serves commands. */
    public static void main(String[] args) {
        try {
            run(Options.parse(args));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            Runtime.getRuntime().halt(2);
        } catch (Exception | LinkageError e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        // Not exit(): the servers' threads and hooks have nothing worth waiting for.
        Runtime.getRuntime().halt(0);
    }

    private static void run(Options options) throws Exception {
        Output output = new Output();
        LwM2mModel model = Models.load();
        ManagementServer management = new ManagementServer(options, model, output);
        BootstrapServer bootstrap = new BootstrapServer(options, model, output);
        management.start();
        bootstrap.start();

        ObjectNode ready = Output.event("ready");
        ready.put("lwm2m", LwM2m.LwM2mVersion.lastSupported().toString());
        ObjectNode uris = ready.putObject("uris");
        management.describe(uris);
        bootstrap.describe(uris);
        output.line(ready);

        serve(new Commands(management, bootstrap, model, output));
    }

    /** Commands run one after the other on a thread of their own, so the end of stdin is seen at once. */
    private static void serve(Commands commands) throws IOException {
        ExecutorService worker = Executors.newSingleThreadExecutor();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String command = line;
            if (!command.isBlank()) {
                worker.execute(() -> commands.run(command));
            }
        }
    }
}
